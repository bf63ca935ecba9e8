import type { Paceline } from '@paceline/browser-sdk'
import { ask, type Message, type Outcome } from '../ask.ts'
import { element } from '../element.ts'
import type { Roster } from '../roster.ts'
import { Composer } from './composer.ts'
import { TurnView } from './turn-view.ts'

const suggestions = [
  'Why do cyclists ride in a line?',
  'Explain drafting simply',
  'A haiku about headwind',
] as const

const historyLimit = 16

export interface ConversationOptions {
  readonly roster: Roster
  readonly paceline: Paceline
  readonly onAsked: () => void
  readonly onOutcome: (outcome: Outcome) => void
}

/** The chat: its turns, its field, and what it remembers of what was said. */
export class Conversation {
  readonly root: HTMLElement
  readonly #list = element('ol', {
    class: 'messages',
    'data-messages': '',
    'aria-label': 'Conversation',
    tabindex: '0',
  })
  readonly #welcome: HTMLElement
  readonly #status = element('p', { class: 'visually-hidden', role: 'status', 'data-status': '' })
  readonly #composer: Composer
  readonly #options: ConversationOptions
  readonly #history: Message[] = []
  #running: AbortController | undefined
  #latest: TurnView | undefined

  constructor(options: ConversationOptions) {
    this.#options = options
    this.#composer = new Composer({
      onAsk: (question) => void this.#ask(question),
      onStop: () => this.#running?.abort(),
    })
    this.#welcome = this.#buildWelcome()
    this.root = element(
      'section',
      { class: 'chat', 'aria-label': 'Chat' },
      element('div', { class: 'messages-frame' }, this.#welcome, this.#list),
      this.#composer.root,
      this.#status,
    )
  }

  focus(): void {
    this.#composer.focus()
  }

  async #ask(question: string): Promise<void> {
    if (this.#running !== undefined) return
    const submittedAt = performance.now()
    const running = new AbortController()
    this.#running = running
    this.#welcome.remove()
    this.#latest?.withdrawOffer()
    const turn = new TurnView(question)
    this.#latest = turn
    this.#list.append(turn.root)
    this.#composer.setBusy(true)
    this.#status.textContent = ''
    this.#list.scrollTop = this.#list.scrollHeight
    this.#options.onAsked()

    const messages: Message[] = [...this.#history, { role: 'user', content: question }]
    const outcome = await ask({
      messages,
      submittedAt,
      isByHand: true,
      signal: running.signal,
      region: turn.region,
      paceline: this.#options.paceline,
      onText: (text) => this.#keepingPlace(() => turn.append(text)),
    })

    // First, because whoever answered may be new to the roster.
    this.#options.onOutcome(outcome)
    this.#keepingPlace(() => turn.finish(outcome, this.#options.roster, () => void this.#ask(question)))
    // Only whole answers are remembered: half a sentence would mislead the next provider.
    if (outcome.state === 'complete') this.#remember(question, turn.text)
    this.#running = undefined
    this.#composer.setBusy(false)
    this.#status.textContent = announcement(outcome)
  }

  #remember(question: string, answer: string): void {
    this.#history.push(
      { role: 'user', content: question },
      { role: 'assistant', content: answer.slice(0, 8_000) },
    )
    this.#history.splice(0, Math.max(0, this.#history.length - historyLimit))
    while (this.#history.reduce((sum, { content }) => sum + content.length, 0) > 48_000)
      this.#history.splice(0, 2)
  }

  /** Follows the end of the conversation, unless the reader has scrolled up. */
  #keepingPlace(change: () => void): void {
    const list = this.#list
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 48
    change()
    if (atEnd) list.scrollTop = list.scrollHeight
  }

  #buildWelcome(): HTMLElement {
    const chips = suggestions.map((suggestion) => {
      const chip = element('button', { type: 'button', class: 'chip', 'data-suggestion': '' }, suggestion)
      chip.addEventListener('click', () => {
        void this.#ask(suggestion)
        this.#composer.focus()
      })
      return chip
    })
    return element(
      'div',
      { class: 'welcome' },
      element('h2', {}, 'Ask something.'),
      element(
        'p',
        {},
        'The freshest rider answers. When the leader tires, the next one takes the front, and you hardly notice.',
      ),
      element('div', { class: 'chips' }, ...chips),
    )
  }
}

function announcement({ state, message, advice }: Outcome): string {
  if (state === 'complete') return 'Answer complete'
  if (state === 'error') return `No answer. ${message} ${advice}`
  return `Answer incomplete. ${message}`
}
