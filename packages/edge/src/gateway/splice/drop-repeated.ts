import type { StreamLayer } from '../call.ts'
import type { Part, PartStream } from '../wire/part.ts'
import { withHead } from '../wire/with-head.ts'

/**
 * What a second answer says beyond a first: whatever repeats it, character by character, is dropped. Null where the
 * second differs before that, since then it is another answer.
 */
export async function dropRepeated(events: PartStream, said: string): Promise<PartStream | null> {
  let rest = said
  for (let step = await events.next(); step.done !== true; step = await events.next()) {
    for (const [index, { parts }] of step.value.entries()) {
      const beyond: Part[] = []
      for (const part of parts) {
        if (beyond.length > 0) beyond.push(part)
        else if (part.kind === 'text' && part.text !== '') {
          if (rest.startsWith(part.text)) rest = rest.slice(part.text.length)
          else if (part.text.startsWith(rest))
            beyond.push({ kind: 'text', text: part.text.slice(rest.length) })
          else return null
        } else if (part.kind === 'finish' && rest === '') beyond.push(part)
        else if (!SAYS_NOTHING.has(part.kind)) return null
      }
      if (beyond.length > 0)
        return withHead([{ raw: null, parts: beyond }, ...step.value.slice(index + 1)], events)
    }
  }
  return null
}

/** Reasoning may differ, and has been shown. */
const SAYS_NOTHING = new Set<Part['kind']>(['start', 'reasoning', 'text', 'usage'])

/**
 * Takes white space off the beginning of a stream's text where it repeats what was sent before it: it had to be left out
 * of the question, so the answer may bring it again.
 */
export function dropSpace(sent: string): StreamLayer {
  return async function* (events) {
    let rest = sent
    for await (const batch of events)
      yield rest === ''
        ? batch
        : batch.map((event) => ({
            ...event,
            parts: event.parts.map((part) => {
              if (part.kind !== 'text' || rest === '') return part
              const length = commonLength(part.text, rest)
              // Only as long as nothing else has come.
              rest = length === part.text.length ? rest.slice(length) : ''
              return { ...part, text: part.text.slice(length) }
            }),
          }))
  }
}

function commonLength(one: string, other: string): number {
  let length = 0
  while (length < one.length && length < other.length && one[length] === other[length]) length += 1
  return length
}
