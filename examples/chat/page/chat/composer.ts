import { element } from '../element.ts'

export interface ComposerOptions {
  readonly onAsk: (question: string) => void
  readonly onStop: () => void
}

/** The question field with its one button: Ask, or Stop while an answer streams. */
export class Composer {
  readonly root: HTMLFormElement
  readonly #field = element('textarea', {
    id: 'question',
    rows: '1',
    maxlength: '4000',
    placeholder: 'Ask anything',
    autocomplete: 'off',
    enterkeyhint: 'send',
    'data-question': '',
  })
  readonly #ask = element('button', { type: 'submit', class: 'primary-button', 'data-ask': '' }, 'Ask')
  readonly #stop = element('button', { type: 'button', class: 'primary-button', 'data-stop': '' }, 'Stop')
  #busy = false

  constructor({ onAsk, onStop }: ComposerOptions) {
    this.#stop.hidden = true
    this.root = element(
      'form',
      { class: 'composer', 'data-composer': '' },
      element('label', { for: 'question', class: 'visually-hidden' }, 'Your question'),
      this.#field,
      this.#ask,
      this.#stop,
    )
    this.root.addEventListener('submit', (event) => {
      event.preventDefault()
      const question = this.#field.value.trim()
      if (question === '' || this.#busy) return
      this.#field.value = ''
      onAsk(question)
    })
    this.#field.addEventListener('keydown', (event) => {
      // Enter also ends the composition of, say, Japanese text.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
      event.preventDefault()
      this.root.requestSubmit()
    })
    this.#stop.addEventListener('click', onStop)
  }

  focus(): void {
    this.#field.focus()
  }

  setBusy(busy: boolean): void {
    const hadFocus = this.root.contains(document.activeElement)
    this.#busy = busy
    this.#ask.hidden = busy
    this.#stop.hidden = !busy
    if (hadFocus) this.#field.focus()
  }
}
