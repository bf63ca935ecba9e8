import type { ObservedCondition } from '../../src/condition.ts'
import { svgElement } from '../element.ts'
import { split, type Roster } from '../roster.ts'
import { Landscape } from './landscape.ts'
import { lineAfterAnswer, lineOf } from './line-order.ts'
import { cadenceOf } from './pose.ts'
import { Rider } from './rider.ts'

const coastMs = 2_600

/** The riders on their road. It moves only while somebody asks, and rests otherwise. */
export class PacelineScene {
  readonly root = svgElement('svg', { class: 'scene', role: 'img', 'data-paceline': '' })
  readonly #roster: Roster
  readonly #landscape = new Landscape()
  readonly #road = svgElement('g', {})
  readonly #riders = new Map<string, Rider>()
  readonly #calm = matchMedia('(prefers-reduced-motion: reduce)')
  #line: string[] = []
  #width = 0
  #height = 0
  #pace = 0
  #asking = 0
  #restAt = 0
  #frame = 0
  #drawnAt = 0

  constructor(roster: Roster) {
    this.#roster = roster
    this.root.append(this.#landscape.root, this.#road)
    new ResizeObserver(([entry]) => {
      if (entry === undefined) return
      this.#width = entry.contentRect.width
      this.#height = entry.contentRect.height
      this.root.setAttribute('viewBox', `0 0 ${this.#width} ${this.#height}`)
      this.#landscape.resize(this.#width, this.#height, this.#roadY)
      this.#place()
    }).observe(this.root)
  }

  /** Takes in who rides and how they are. */
  refresh(): void {
    const { providers } = this.#roster
    for (const [index, { id, name, condition }] of providers.entries()) {
      if (this.#riders.has(id)) continue
      const rider = new Rider(id, split(name).name, this.#roster.livery(id).color, condition, index)
      this.#riders.set(id, rider)
      this.#road.prepend(rider.root)
    }
    for (const [id, rider] of this.#riders) {
      if (providers.some((provider) => provider.id === id)) continue
      rider.root.remove()
      this.#riders.delete(id)
    }
    this.#line = lineOf(
      this.#line,
      providers.map(({ id }) => id),
    )
    this.#place()
  }

  /** Somebody asks: the line rolls. */
  asked(): void {
    this.#asking += 1
    this.#wake()
  }

  /** A question has ended; whoever answered it takes the front. */
  ended(answeredBy: string | null): void {
    this.#asking = Math.max(0, this.#asking - 1)
    this.#restAt = performance.now() + coastMs
    if (answeredBy !== null) this.#line = lineAfterAnswer(this.#line, answeredBy, (id) => this.#condition(id))
    this.#place()
  }

  get #roadY(): number {
    return this.#height - 61
  }

  get #scale(): number {
    return this.#width < 560 ? 0.86 : 1.18
  }

  #condition(id: string): ObservedCondition {
    return this.#roster.providers.find((provider) => provider.id === id)?.condition ?? 'unreachable'
  }

  #place(): void {
    const gaps = this.#line.map((id, place) => (place === 0 ? 0 : gapBefore(this.#condition(id))))
    const length = gaps.reduce((sum, gap) => sum + gap, 0)
    const unit = Math.min(128 * (this.#scale / 1.18), (this.#width - 110 * this.#scale) / Math.max(length, 1))
    let x = this.#width / 2 + (length * unit) / 2
    for (const [place, id] of this.#line.entries()) {
      const rider = this.#riders.get(id)
      x -= (gaps[place] ?? 0) * unit
      if (rider === undefined) continue
      rider.targetX = x
      const condition = this.#condition(id)
      rider.describe(condition, place === 0, condition === 'fresh' ? '' : conditionWords[condition])
    }
    this.root.dataset['order'] = this.#line.join(' ')
    this.root.dataset['leader'] = this.#line[0] ?? ''
    this.root.setAttribute('aria-label', this.#inWords())
    this.#wake()
  }

  #inWords(): string {
    const riders = this.#line.map(
      (id) => `${this.#roster.shortName(id)} (${conditionWords[this.#condition(id)]})`,
    )
    return `Riders from front to back: ${riders.join(', ')}`
  }

  #wake(): void {
    if (this.#width === 0 || this.#frame !== 0) return
    if (this.#calm.matches) {
      for (const rider of this.#riders.values()) rider.settle()
      this.#draw()
      return
    }
    this.#drawnAt = performance.now()
    this.#frame = requestAnimationFrame((at) => this.#ride(at))
  }

  #ride(at: number): void {
    const seconds = Math.min(0.1, Math.max(0, at - this.#drawnAt) / 1_000)
    this.#drawnAt = at
    const wanted = this.#asking > 0 || at < this.#restAt ? 1 : 0
    this.#pace += (wanted - this.#pace) * (1 - Math.exp(-seconds * 2))
    let moving = this.#pace > 0.01 || wanted === 1
    for (const rider of this.#riders.values()) moving = rider.move(seconds, this.#pace) || moving
    this.#landscape.travel(seconds, this.#pace)
    this.#draw()
    this.#frame = moving ? requestAnimationFrame((next) => this.#ride(next)) : 0
  }

  #draw(): void {
    this.root.dataset['riding'] = String(this.#pace > 0.1)
    this.#landscape.draw()
    for (const rider of this.#riders.values()) {
      // Who passes does so on the near side, in front of the others.
      if (rider.isPassing && rider.root.nextSibling !== null) this.#road.append(rider.root)
      rider.draw(this.#roadY, this.#scale)
    }
  }
}

/** In bike lengths: a tired rider loses the wheel in front, one who stands is left behind. */
function gapBefore(condition: ObservedCondition): number {
  if (condition === 'tired') return 1.3
  return cadenceOf(condition) === 0 ? 1.55 : 1
}

const conditionWords: Record<ObservedCondition, string> = {
  fresh: 'fresh',
  tired: 'tired',
  hanging: 'hanging',
  cut: 'cuts its answers',
  down: 'down',
  other: 'has a fault of its own',
  unreachable: 'can’t be reached',
}
