import type { ProviderState } from '../src/chat-event.ts'
import type { ObservedCondition } from '../src/condition.ts'

/** Colour and shape together, so that providers can be told apart without colour. */
export interface Livery {
  readonly color: string
  /** An SVG path around the origin, about five units in each direction. */
  readonly mark: string
}

const marks = [
  'M5 0A5 5 0 1 1-5 0A5 5 0 1 1 5 0Z',
  'M-4.4-4.4H4.4V4.4H-4.4Z',
  'M0-6L6 0L0 6L-6 0Z',
  'M0-5.6L5.6 4.4H-5.6Z',
  'M-5.6-4.4H5.6L0 5.6Z',
  'M-1.8-5.4H1.8V-1.8H5.4V1.8H1.8V5.4H-1.8V1.8H-5.4V-1.8H-1.8Z',
] as const

const nobody: Livery = { color: 'var(--muted)', mark: marks[0] }

/** Who is who: names and liveries by provider id, in the order of the configuration. */
export class Roster {
  #providers: readonly ProviderState[] = []
  #joined: readonly ProviderState[] = []

  get providers(): readonly ProviderState[] {
    return this.#providers
  }

  set(providers: readonly ProviderState[]): void {
    const isNew = ({ id }: ProviderState) => providers.every((provider) => provider.id !== id)
    this.#providers = [...providers, ...this.#joined.filter(isNew)]
  }

  /** Takes in who answered without being on the server's list. Returns whether that was news. */
  join(id: string): boolean {
    if (this.#providers.some((provider) => provider.id === id)) return false
    this.#joined = [...this.#joined, { id, name: id, controllable: false, condition: 'fresh' }]
    this.set(this.#providers)
    return true
  }

  /** Shows a condition before the server has confirmed it. */
  presume(id: string, condition: ObservedCondition): void {
    this.#providers = this.#providers.map((provider) =>
      provider.id === id ? Object.assign({}, provider, { condition }) : provider,
    )
  }

  livery(id: string | null): Livery {
    const index = this.#providers.findIndex((provider) => provider.id === id)
    const mark = marks[index % marks.length]
    return mark === undefined ? nobody : { color: `var(--rider-${(index % marks.length) + 1})`, mark }
  }

  /** The name without its note: “Alpe” of “Alpe (OpenAI wire)”. */
  shortName(id: string | null): string {
    return split(this.#providers.find((provider) => provider.id === id)?.name ?? id ?? 'Unnamed provider')
      .name
  }
}

/** Parts a name from the note in brackets behind it. */
export function split(name: string): { name: string; note: string } {
  const match = /^(.*?)\s*\(([^)]*)\)\s*$/u.exec(name)
  return { name: match?.[1] || name, note: match?.[2] ?? '' }
}
