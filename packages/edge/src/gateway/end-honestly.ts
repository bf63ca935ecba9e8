import type { Failure, Phase } from '@paceline/core'
import type { StreamLayer } from './call.ts'
import { truncated } from './wire/classify.ts'
import type { StreamEvent } from './wire/part.ts'

/**
 * Gives every stream a true ending: it closes after its finish marker, or with an `error` part, and never throws.
 * Without this, a connection that closes cleanly in the middle of a sentence passes for a whole answer.
 */
export function endHonestly(explain: (error: unknown, phase: Phase) => Failure): StreamLayer {
  return async function* (events) {
    let finished = false
    let failure = truncated('stream')
    try {
      for await (const batch of events) {
        const ending = batch.findIndex((event) => {
          finished ||= has(event, 'finish')
          return has(event, 'done') || has(event, 'error')
        })
        const last = batch[ending]
        if (last === undefined) yield batch
        else {
          // An error that comes after the finish marker takes nothing back.
          const broken = !finished && has(last, 'error')
          yield batch.slice(0, broken ? ending + 1 : ending)
          if (broken) return
          break
        }
      }
    } catch (error) {
      failure = explain(error, 'stream')
    }
    if (!finished) yield [{ raw: null, parts: [{ kind: 'error', failure }] }]
  }
}

const has = (event: StreamEvent, kind: 'finish' | 'done' | 'error'): boolean =>
  event.parts.some((part) => part.kind === kind)
