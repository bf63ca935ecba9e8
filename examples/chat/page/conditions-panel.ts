import type { ProviderState } from '../src/chat-event.ts'
import type { Condition } from '../src/condition.ts'
import { markIcon } from './chat/turn-view.ts'
import { element } from './element.ts'
import { split, type Roster } from './roster.ts'

const choices: readonly { condition: Condition; label: string; rest?: string; title: string }[] = [
  { condition: 'fresh', label: 'Fresh', title: 'Answers as fast as it can' },
  { condition: 'tired', label: 'Tired', rest: ' ×10', title: 'Ten times slower' },
  { condition: 'hanging', label: 'Hanging', title: 'Takes the question and says nothing' },
  { condition: 'cut', label: 'Cut', rest: ' mid-answer', title: 'Breaks off in the middle of an answer' },
  { condition: 'down', label: 'Down', title: 'Refuses every question' },
]

/** A card for each rider with what a visitor may do to it. The cards keep their places, so that no button runs away. */
export class ConditionsPanel {
  readonly root = element('section', { class: 'cards', 'aria-label': 'Riders', 'data-conditions': '' })
  readonly #roster: Roster
  readonly #onChange: (id: string, condition: Condition) => void
  #shown = ''

  constructor(roster: Roster, onChange: (id: string, condition: Condition) => void) {
    this.#roster = roster
    this.#onChange = onChange
  }

  refresh(): void {
    const { providers } = this.#roster
    const ids = providers.map(({ id }) => id).join(' ')
    if (ids !== this.#shown) {
      this.#shown = ids
      this.root.replaceChildren(...providers.map((provider) => this.#card(provider)))
    }
    for (const { id, condition } of providers)
      for (const button of this.root.querySelectorAll('button'))
        if (button.dataset['provider'] === id)
          button.setAttribute('aria-pressed', String(button.dataset['condition'] === condition))
  }

  #card({ id, name, controllable }: ProviderState): HTMLElement {
    const { color, mark } = this.#roster.livery(id)
    const parts = split(name)
    const title = element(
      'h2',
      {},
      markIcon(color, mark),
      element('span', {}, parts.name),
      element('small', {}, parts.note),
    )
    if (!controllable) {
      return element(
        'div',
        { class: 'card untouchable', 'data-card': id },
        title,
        element('p', { class: 'real' }, 'real provider'),
      )
    }
    const buttons = choices.map(({ condition, label, rest = '', title: explanation }) => {
      const button = element(
        'button',
        {
          type: 'button',
          'aria-pressed': 'false',
          title: explanation,
          'data-provider': id,
          'data-condition': condition,
        },
        label,
        element('span', { class: 'rest' }, rest),
      )
      button.addEventListener('click', () => this.#onChange(id, condition))
      return button
    })
    return element(
      'div',
      { class: 'card', 'data-card': id },
      title,
      element(
        'div',
        { class: 'segments', role: 'group', 'aria-label': `Condition of ${parts.name}` },
        ...buttons,
      ),
    )
  }
}
