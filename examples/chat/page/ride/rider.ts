import type { ObservedCondition } from '../../src/condition.ts'
import { svgElement } from '../element.ts'
import { approach, cadenceOf, poseOf, type Pose } from './pose.ts'
import { RiderFigure } from './rider-figure.ts'

const stiffness = 9
const damping = 2 * Math.sqrt(stiffness)
/** Radians a second at full pace. */
const crankSpeed = 7
const wheelSpeed = 10

/** A provider on the road: where it is, how it holds itself, and how fast it pedals. */
export class Rider {
  readonly root: SVGGElement
  readonly #figure: RiderFigure
  readonly #name = svgElement('text', { class: 'rider-name', y: '19', 'text-anchor': 'middle' })
  readonly #firstNote = svgElement('text', { class: 'rider-note', y: '34', 'text-anchor': 'middle' })
  readonly #secondNote = svgElement('text', { class: 'rider-note', y: '48', 'text-anchor': 'middle' })
  readonly #pose: Pose
  #condition: ObservedCondition
  #x = Number.NaN
  #speed = 0
  #aside = 0
  #cadence = 0
  #crankAngle: number
  #wheelAngle = 0
  targetX = 0

  constructor(id: string, name: string, color: string, condition: ObservedCondition, index: number) {
    this.#condition = condition
    this.#pose = { ...poseOf(condition) }
    this.#crankAngle = 0.9 + index * 1.7
    this.#figure = new RiderFigure(color)
    this.#figure.root.append(...signs())
    this.#name.textContent = name
    this.root = svgElement(
      'g',
      { class: 'rider', 'data-rider': id },
      this.#figure.root,
      this.#name,
      this.#firstNote,
      this.#secondNote,
    )
  }

  get condition(): ObservedCondition {
    return this.#condition
  }

  /** A rider at the front that can't ride has nobody in its wind shadow, and yet nobody has passed it. */
  describe(condition: ObservedCondition, isFirst: boolean, note: string): void {
    this.#condition = condition
    this.root.dataset['condition'] = condition
    this.root.dataset['leads'] = String(isFirst && cadenceOf(condition) > 0)
    const separator = note === '' ? '' : ','
    const [first = '', second = ''] = isFirst ? [`at the front${separator}`, note] : [note]
    this.#firstNote.textContent = first
    this.#secondNote.textContent = second
  }

  /** Moves on by `seconds` at the given pace (0 to 1). Returns whether anything still moves. */
  move(seconds: number, pace: number): boolean {
    if (Number.isNaN(this.#x)) this.#x = this.targetX
    // Small steps: a spring that takes a long frame in one leap flies off.
    const steps = Math.max(1, Math.ceil(seconds / 0.02))
    for (let step = 0; step < steps; step += 1) {
      const dt = seconds / steps
      this.#speed += (stiffness * (this.targetX - this.#x) - damping * this.#speed) * dt
      this.#x += this.#speed * dt
    }
    const passing = this.#speed > 12 || this.targetX - this.#x > 40
    this.#aside += ((passing ? 9 : 0) - this.#aside) * ease(seconds, 3)
    this.#cadence += (cadenceOf(this.#condition) * pace - this.#cadence) * ease(seconds, 2.5)
    this.#crankAngle += this.#cadence * crankSpeed * seconds
    const rolling = cadenceOf(this.#condition) > 0 ? pace : this.#cadence
    this.#wheelAngle += rolling * wheelSpeed * seconds
    const unposed = approach(this.#pose, poseOf(this.#condition), ease(seconds, 5))
    return Math.abs(this.#speed) > 0.5 || this.#aside > 0.2 || this.#cadence > 0.01 || unposed > 0.1
  }

  /** Puts it at once where it belongs, for those who asked for less motion. */
  settle(): void {
    this.#x = this.targetX
    this.#speed = 0
    this.#aside = 0
    this.#cadence = 0
    approach(this.#pose, poseOf(this.#condition), 1)
  }

  get isPassing(): boolean {
    return this.#aside > 1
  }

  draw(roadY: number, scale: number): void {
    this.#figure.draw(this.#pose, this.#crankAngle, this.#wheelAngle)
    this.#figure.root.setAttribute('transform', `translate(0 ${this.#aside.toFixed(2)}) scale(${scale})`)
    // Names of riders who pass each other would lie on top of each other.
    const steady = Math.max(0, 1 - Math.abs(this.#speed) / 50).toFixed(2)
    this.#name.style.opacity = steady
    this.#firstNote.style.opacity = steady
    this.#secondNote.style.opacity = steady
    this.root.setAttribute('transform', `translate(${this.#x.toFixed(2)} ${roadY})`)
  }
}

function ease(seconds: number, rate: number): number {
  return 1 - Math.exp(-seconds * rate)
}

/** Small signs of each condition; the stylesheet shows the right one. */
function signs(): SVGElement[] {
  return [
    svgElement(
      'g',
      { class: 'sign sweat' },
      svgElement('path', { d: 'M34-72q3 5 0 6.5q-3-1.500 0-6.500z' }),
      svgElement('path', { d: 'M38-84q3 5 0 6.500q-3-1.500 0-6.500z' }),
      svgElement('path', { d: 'M27-92q3 5 0 6.500q-3-1.500 0-6.500z' }),
    ),
    svgElement(
      'g',
      { class: 'sign waiting-dots' },
      svgElement('circle', { cx: '20', cy: '-98', r: '2' }),
      svgElement('circle', { cx: '27', cy: '-98', r: '2' }),
      svgElement('circle', { cx: '34', cy: '-98', r: '2' }),
    ),
    svgElement('path', { class: 'sign burst', d: 'M-52-9l-9-4M-53-3l-10 0M-49-15l-7-7' }),
    svgElement('path', { class: 'sign wind', d: 'M50-84h22M58-70h26M54-56h14' }),
  ]
}
