import { listen } from '../listen.ts'
import { REGION } from './answer-text.ts'
import type { Input } from './input-log.ts'

const FIELDS = 'input:not([type=submit],[type=button],[type=image]),textarea,select,label,[contenteditable]'

/** Hears of every act of the user that may ask a question, before the page does. */
export function listenForInputs(onInput: (input: Input) => void, signal: AbortSignal): void {
  for (const type of ['click', 'submit', 'keydown'])
    listen(
      document,
      type,
      (event: Event) => {
        const asks = judge(event, event.composedPath()[0] as Element)
        if (asks !== undefined) onInput({ at: event.timeStamp, asks })
      },
      signal,
      true,
    )
}

/** Whether it asks something by its nature; undefined when it surely asks nothing. */
function judge(event: Event, target: Element): boolean | undefined {
  // Neither a click into a field nor one on an answer asks anything.
  if (event.type === 'click') return target.closest(`${FIELDS},${REGION}`) ? undefined : false
  if (event.type === 'submit') return true
  const { key, shiftKey, isComposing } = event as KeyboardEvent
  return key === 'Enter' && !shiftKey && !isComposing ? target.closest(FIELDS) !== null : undefined
}
