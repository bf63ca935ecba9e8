import type { Outcome } from '../ask.ts'
import { element, svgElement } from '../element.ts'
import type { Roster } from '../roster.ts'

/** One question and its answer on the page. */
export class TurnView {
  readonly root: HTMLLIElement
  readonly #text = document.createTextNode('')
  /** Where the answer's text stands. */
  readonly region = element(
    'p',
    { class: 'answer-text', 'data-answer-text': '', 'data-ai-answer': '' },
    this.#text,
  )
  readonly #answer: HTMLElement
  readonly #waiting = element('p', { class: 'waiting' }, 'Waiting for the first word')

  constructor(question: string) {
    this.#answer = element(
      'article',
      {
        class: 'answer',
        'data-answer': '',
        'data-state': 'streaming',
        'aria-label': 'Answer',
        'aria-busy': 'true',
      },
      this.#waiting,
      this.region,
    )
    this.root = element(
      'li',
      { class: 'turn', 'data-turn': '' },
      element('p', { class: 'question', 'data-turn-question': '' }, question),
      this.#answer,
    )
  }

  get text(): string {
    return this.#text.data
  }

  append(text: string): void {
    // Leading blank space would move the words without showing anything.
    this.#text.appendData(this.#text.length === 0 ? text.trimStart() : text)
    if (this.#text.length > 0) this.#waiting.remove()
  }

  finish(outcome: Outcome, roster: Roster, askAgain: () => void): void {
    this.#waiting.remove()
    const { dataset } = this.#answer
    dataset['state'] = outcome.state === 'stopped' ? 'incomplete' : outcome.state
    dataset['kind'] = outcome.answer ?? outcome.state
    if (outcome.provider !== null) dataset['provider'] = outcome.provider
    if (outcome.attempts !== null) dataset['attempts'] = String(outcome.attempts)
    if (outcome.firstTextMs !== null) dataset['firstTextMs'] = outcome.firstTextMs.toFixed(1)
    this.#answer.removeAttribute('aria-busy')
    if (this.text !== '') this.#answer.append(byline(outcome, roster))
    if (outcome.state !== 'complete') this.#answer.append(notice(outcome, askAgain))
  }

  /** The offer stands at the newest turn only. */
  withdrawOffer(): void {
    this.#answer.querySelector('[data-ask-again]')?.remove()
  }
}

function notice(outcome: Outcome, askAgain: () => void): HTMLElement {
  const again = element(
    'button',
    { type: 'button', class: 'quiet-button', 'data-ask-again': '' },
    'Ask again',
  )
  again.addEventListener('click', askAgain)
  const [head, rest] =
    outcome.state === 'error'
      ? [outcome.message, outcome.advice]
      : [
          'This answer is incomplete.',
          `${outcome.message} ${outcome.state === 'stopped' ? '' : 'What you see is all that came.'}`,
        ]
  return element(
    'div',
    { class: 'notice', 'data-notice': '' },
    element('p', {}, element('strong', {}, head), ` ${rest}`),
    again,
  )
}

function byline(outcome: Outcome, roster: Roster): HTMLElement {
  const { color, mark } = roster.livery(outcome.provider)
  const facts = [
    roster.shortName(outcome.provider),
    ...(outcome.attempts === null
      ? []
      : [outcome.attempts === 1 ? '1 attempt' : `${outcome.attempts} attempts`]),
    ...(outcome.firstTextMs === null ? [] : [`first token after ${duration(outcome.firstTextMs)}`]),
    ...(outcome.answer === null ? [] : kindInWords(outcome.answer)),
  ]
  const line = element('p', { class: 'byline', 'data-byline': '' }, markIcon(color, mark))
  for (const fact of facts) line.append(element('span', {}, fact))
  return line
}

function kindInWords(answer: NonNullable<Outcome['answer']>): string[] {
  switch (answer) {
    case 'complete':
    case 'incomplete':
      return []
    case 'continued':
      return ['begun by another rider, continued by this one']
    case 'cached':
      return ['from the cache']
    case 'stale':
      return ['an older answer: nobody could give a new one']
  }
}

export function markIcon(color: string, mark: string): SVGSVGElement {
  const path = svgElement('path', { d: mark })
  path.style.fill = color
  return svgElement(
    'svg',
    { class: 'mark', viewBox: '-7 -7 14 14', width: '12', height: '12', 'aria-hidden': 'true' },
    path,
  )
}

/** 84 ms, 1.2 s. */
export function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`
}
