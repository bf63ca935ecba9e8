import { listen } from '../listen.ts'
import { REGION } from './answer-text.ts'
import type { Input } from './input-log.ts'

const FIELDS = 'input:not([type=submit],[type=button],[type=image]),textarea,select,label,[contenteditable]'

/** Hears of every act of the user that may ask a question, before the page does. */
export function listenForInputs(onInput: (input: Input) => void, signal: AbortSignal): void {
  const hear = (type: string, judge: (event: Event, target: Element) => boolean | undefined): void =>
    listen(
      document,
      type,
      (event: Event) => {
        const [target] = event.composedPath()
        const asks = target instanceof Element ? judge(event, target) : undefined
        if (asks !== undefined) onInput({ at: event.timeStamp, asks })
      },
      signal,
      true,
    )
  // Neither a click into a field nor one on an answer asks anything.
  hear('click', (_event, target) => (target.closest(`${FIELDS},${REGION}`) === null ? false : undefined))
  hear('submit', () => true)
  hear('keydown', (event, target) => {
    const { key, shiftKey, isComposing } = event as KeyboardEvent
    if (key !== 'Enter' || shiftKey || isComposing) return undefined
    return target.closest(FIELDS) !== null
  })
}
