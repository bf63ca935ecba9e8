import { isolated } from '../isolated.ts'
import type { DataOf } from '../report/event.ts'

/** When a text was seen on the screen, how that is known, and how far off it may be. */
export interface Paint extends Pick<DataOf<'ai.turn.shown'>, 'method' | 'errorMs'> {
  readonly at: number
}

interface ElementTimingEntry extends PerformanceEntry {
  readonly element: Element | null
  readonly renderTime: number
  readonly intersectionRect: DOMRectReadOnly
}

/** Element Timing reports a paint some frames after it; without one by then there will be none. */
const TIMING_WAIT_MS = 300
const ATTRIBUTE = 'elementtiming'

/**
 * Waits for the frame that paints a text which has just come into the document. Called in the microtask of a
 * MutationObserver, so that the attribute stands before that very paint.
 * https://wicg.github.io/element-timing/ https://www.w3.org/TR/intersection-observer/
 *
 * @param painted with the best knowledge of when it was painted
 * @param gone when the text left the document before it was ever painted
 * @returns ends the watch; what is known by then is told first where `settle` is true
 */
export function watchPaint(
  text: Text,
  painted: (paint: Paint) => void,
  gone: () => void,
): (settle: boolean) => void {
  // A region is an element, so its text has one around it.
  const element = text.parentElement as Element
  const block = blockOf(element)
  const isMarkOurs = !block.hasAttribute(ATTRIBUTE)
  const startedAt = performance.now()
  let known: Paint | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let timing: PerformanceObserver | undefined

  const end = (settle: boolean): void => {
    clearTimeout(timer)
    timing?.disconnect()
    onScreen.disconnect()
    if (isMarkOurs) block.removeAttribute(ATTRIBUTE)
    if (settle && known !== undefined) painted(known)
  }

  const onScreen = new IntersectionObserver(
    isolated((entries: IntersectionObserverEntry[]) => {
      if (!element.isConnected) {
        end(true)
        if (known === undefined) gone()
        return
      }
      const seen = entries.find(({ isIntersecting }) => isIntersecting)
      if (seen === undefined || known !== undefined) return
      known = { at: seen.time, method: 'intersection', errorMs: 17 }
      timer = setTimeout(
        isolated(() => end(true)),
        timing === undefined ? 0 : TIMING_WAIT_MS,
      )
    }),
  )
  onScreen.observe(element)

  // Other browsers than Chromium have no such entries.
  if (self.PerformanceObserver?.supportedEntryTypes?.includes('element')) {
    timing = new PerformanceObserver(
      isolated((list: PerformanceObserverEntryList) => {
        for (const entry of list.getEntries() as ElementTimingEntry[]) {
          const { width, height } = entry.intersectionRect
          // Below the fold it reports a paint that nobody sees.
          if (entry.element === block && entry.renderTime >= startedAt && width * height > 0) {
            known = { at: entry.renderTime, method: 'element-timing', errorMs: 4 }
            end(true)
            return
          }
        }
      }),
    )
    timing.observe({ type: 'element' })
    if (isMarkOurs) block.setAttribute(ATTRIBUTE, 'paceline')
  }
  return end
}

/** Element Timing counts text towards the block that lays it out. */
function blockOf(element: Element): Element {
  for (let block: Element | null = element; block !== null; block = block.parentElement)
    if (!/^(inline|contents)$/.test(getComputedStyle(block).display)) return block
  return element
}
