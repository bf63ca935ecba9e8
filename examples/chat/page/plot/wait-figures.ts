import type { Outcome } from '../ask.ts'
import { duration } from '../chat/turn-view.ts'
import { element } from '../element.ts'
import type { Roster } from '../roster.ts'
import { median } from './median.ts'

const medianOf = 20

/** The plot in words: the last wait, the median of the latest, and how many answers were whole. */
export class WaitFigures {
  readonly root: HTMLElement
  readonly #roster: Roster
  readonly #last = figure('last', 'Last')
  readonly #median = figure('median', `Median of ${medianOf} answered`)
  readonly #whole = figure('whole', 'Whole, of all asked')
  readonly #waits: number[] = []
  #answers = 0
  #complete = 0

  constructor(roster: Roster) {
    this.#roster = roster
    this.root = element(
      'dl',
      { class: 'figures', 'data-figures': '' },
      this.#last.root,
      this.#median.root,
      this.#whole.root,
    )
  }

  add(outcome: Outcome): void {
    if (outcome.state === 'stopped') return
    this.#answers += 1
    if (outcome.state === 'complete') this.#complete += 1
    this.#whole.show(`${this.#complete} of ${this.#answers}`, '')
    if (outcome.firstTextMs === null) {
      if (outcome.state === 'error') this.#last.show('none', 'nobody answered')
      return
    }
    this.#waits.push(outcome.firstTextMs)
    this.#waits.splice(0, Math.max(0, this.#waits.length - medianOf))
    this.#last.show(duration(outcome.firstTextMs), this.#roster.shortName(outcome.provider))
    this.#median.show(duration(median(this.#waits)), '')
  }
}

function figure(
  name: string,
  label: string,
): { root: HTMLElement; show: (value: string, note: string) => void } {
  const value = element('span', { class: 'figure-value', 'data-figure': name }, '–')
  const note = element('span', { class: 'figure-note' })
  const root = element('div', {}, element('dt', {}, label), element('dd', {}, value, note))
  return {
    root,
    show(text, extra) {
      value.textContent = text
      note.textContent = extra
    },
  }
}
