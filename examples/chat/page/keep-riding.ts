import type { Paceline } from '@paceline/browser-sdk'
import { ask, type Outcome } from './ask.ts'
import { element } from './element.ts'
import type { Roster } from './roster.ts'

const everyMs = 1_500
/** Questions on the road at once: more would only pile up behind a rider who hangs. */
const openLimit = 4
const shownCharacters = 90

const questions = [
  'In one word: the capital of Norway?',
  'In one word: the opposite of slow?',
  'In one word: the colour of the leader’s jersey?',
  'In one word: what is behind the headwind?',
  'In one word: the highest pass of the Alps?',
] as const

export interface KeepRidingOptions {
  readonly roster: Roster
  readonly paceline: Paceline
  readonly onAsked: () => void
  readonly onOutcome: (outcome: Outcome) => void
}

/** Asks a short question by itself every second and a half, and says in one line how it goes. */
export class KeepRiding {
  readonly toggle = element(
    'button',
    { type: 'button', class: 'toggle', 'aria-pressed': 'false', 'data-keep-riding': '' },
    element('span', { class: 'toggle-knob', 'aria-hidden': 'true' }),
    'Keep riding',
  )
  readonly line = element('p', { class: 'ride-line', 'data-ride-line': '' })
  readonly #options: KeepRidingOptions
  readonly #open = new Set<AbortController>()
  readonly #text = element('span', { class: 'ride-text' })
  #timer: number | undefined
  #asked = 0
  #whole = 0
  #ended = 0

  constructor(options: KeepRidingOptions) {
    this.#options = options
    this.#tell('A short question every 1.5 s, by itself.')
    this.toggle.addEventListener('click', () => (this.#timer === undefined ? this.#start() : this.#stop()))
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.#stop()
    })
  }

  #start(): void {
    this.toggle.setAttribute('aria-pressed', 'true')
    this.#timer = window.setInterval(() => void this.#ask(), everyMs)
    void this.#ask()
  }

  #stop(): void {
    window.clearInterval(this.#timer)
    this.#timer = undefined
    this.toggle.setAttribute('aria-pressed', 'false')
    for (const open of this.#open) open.abort()
  }

  async #ask(): Promise<void> {
    if (this.#open.size >= openLimit) return
    const open = new AbortController()
    this.#open.add(open)
    const question = questions[this.#asked % questions.length] ?? questions[0]
    this.#asked += 1
    this.#options.onAsked()
    let text = ''
    // Of its own, since answers overtake each other.
    const place = element('span')
    const outcome = await ask({
      messages: [{ role: 'user', content: question }],
      submittedAt: performance.now(),
      isByHand: false,
      signal: open.signal,
      region: place,
      paceline: this.#options.paceline,
      onText: (piece) => {
        text = (text + piece).trimStart()
        // Shown as it comes: what is measured is the moment at which it can be read.
        place.textContent = text.slice(0, shownCharacters)
        this.#text.replaceChildren(place)
      },
    })
    this.#open.delete(open)
    if (outcome.state !== 'stopped') {
      this.#ended += 1
      if (outcome.state === 'complete') this.#whole += 1
      this.#tell(`Keep riding: ${this.#ended} asked, ${this.#whole} whole`)
      this.#text.textContent = fateOf(outcome, text)
    }
    this.#options.onOutcome(outcome)
  }

  #tell(words: string): void {
    this.line.replaceChildren(element('span', { class: 'ride-count' }, words), this.#text)
    this.line.dataset['asked'] = String(this.#ended)
    this.line.dataset['complete'] = String(this.#whole)
  }
}

/** What the reader should know of the last question: its words, and that they are not all, or that there are none. */
function fateOf({ state, message }: Outcome, text: string): string {
  if (state === 'error') return message
  return state === 'incomplete'
    ? `Broken off: ${text.slice(0, shownCharacters)}`
    : text.slice(0, shownCharacters)
}
