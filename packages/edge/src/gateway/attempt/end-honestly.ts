import type { Failure, Phase } from '@paceline/core'
import type { StreamLayer } from '../call.ts'
import type { PartGenerator } from '../wire/part.ts'
import { brokenCall, truncated } from '../wire/classify.ts'
import { ToolInputs } from '../wire/tool-inputs.ts'
import { FinishMarker } from './finish-marker.ts'

/**
 * Gives every stream a true ending: it closes after its finish marker, or with an `error` part, and never throws.
 * A marker that comes while the input of a tool call is cut off marks no end that could be believed. Without this, a connection that closes cleanly in the middle of a sentence passes for a whole answer.
 *
 * @param explain how a break on the provider's side reads as a failure
 */
export function endHonestly(explain: (phase: Phase) => Failure): StreamLayer {
  return async function* (events): PartGenerator {
    const finish = new FinishMarker()
    const inputs = new ToolInputs()
    const stands = (): boolean => finish.stands && inputs.areWhole()
    let failure = truncated('stream')
    let whole = false
    try {
      for await (const batch of events) {
        const ending = batch.findIndex(({ parts }) => {
          finish.read(parts)
          inputs.read(parts)
          return parts.some(({ kind }) => kind === 'done' || kind === 'error')
        })
        const last = batch[ending]
        if (last === undefined) {
          yield batch
          continue
        }
        const broken = last.parts.some(({ kind }) => kind === 'error')
        const finished = stands() && !finish.contradicted
        // An error that comes after the finish marker takes nothing back.
        yield batch.slice(0, broken && finished ? ending : ending + 1)
        if (broken && !finished) return
        break
      }
      whole = stands()
      if (finish.stands && !whole) failure = brokenCall('stream')
    } catch {
      failure = explain('stream')
      whole = stands() && !finish.contradicted
    }
    if (!whole) yield [{ raw: null, parts: [{ kind: 'error', failure }] }]
  }
}
