import { svgElement } from '../element.ts'

/** Every ridge repeats after this many pixels, so that it can roll on for ever. */
const period = 1_400

interface Layer {
  readonly path: SVGPathElement
  readonly group: SVGGElement
  readonly speed: number
  readonly height: (x: number) => number
}

/** Mountains, hills and a few poplars that drift by while somebody rides. */
export class Landscape {
  readonly root = svgElement('g', { 'aria-hidden': 'true' })
  readonly #sun = svgElement('circle', { class: 'sun', r: '26' })
  readonly #road = svgElement('rect', { class: 'road', x: '0' })
  readonly #verge = svgElement('rect', { class: 'verge', x: '0' })
  readonly #layers: readonly Layer[]
  #travelled = 0

  constructor() {
    this.#layers = [
      layer(
        'far',
        5,
        (x) => 62 + 34 * Math.abs(wave(x, 2, 0.4)) + 15 * wave(x, 5, 1.9) + 5 * Math.abs(wave(x, 11, 0.2)),
      ),
      layer('middle', 11, (x) => 40 + 17 * wave(x, 3, 2.2) + 8 * wave(x, 5, 0.7)),
      layer('near', 22, (x) => 17 + 9 * wave(x, 4, 4.1) + 5 * wave(x, 7, 1.3)),
    ]
    this.root.append(this.#sun, ...this.#layers.map(({ group }) => group), this.#verge, this.#road)
  }

  resize(width: number, height: number, roadY: number): void {
    const horizon = roadY - 4
    this.#sun.setAttribute('cx', String(width * 0.8))
    this.#sun.setAttribute('cy', String(horizon - 108))
    for (const { path, group, height: ridge } of this.#layers) {
      const reach = width + period
      let d = `M0 ${horizon}`
      for (let x = 0; x <= reach; x += 7) d += `L${x} ${(horizon - ridge(x)).toFixed(1)}`
      path.setAttribute('d', `${d}L${reach} ${horizon}Z`)
      for (const tree of group.querySelectorAll('.poplar')) tree.remove()
      if (path.classList.contains('near')) group.append(...poplars(reach, horizon, ridge))
    }
    set(this.#verge, { y: horizon - 1, width, height: height - horizon + 1 })
    set(this.#road, { y: roadY - 7, width, height: 18 })
    this.draw()
  }

  travel(seconds: number, pace: number): void {
    this.#travelled += seconds * pace
  }

  draw(): void {
    for (const { group, speed } of this.#layers)
      group.setAttribute('transform', `translate(${(-(this.#travelled * speed) % period).toFixed(2)} 0)`)
  }
}

function layer(name: string, speed: number, height: (x: number) => number): Layer {
  const path = svgElement('path', { class: `ridge ${name}` })
  return { path, group: svgElement('g', {}, path), speed, height }
}

/** Whole turns in a period only, so that the end of a ridge meets its beginning. */
function wave(x: number, turns: number, phase: number): number {
  return Math.sin((x / period) * turns * 2 * Math.PI + phase)
}

const poplarPlaces = [96, 118, 136, 420, 688, 706, 731, 1010, 1210, 1231] as const

function poplars(reach: number, horizon: number, ridge: (x: number) => number): SVGElement[] {
  const trees: SVGElement[] = []
  for (let start = 0; start < reach; start += period)
    for (const [index, place] of poplarPlaces.entries()) {
      const x = start + place
      const foot = horizon - ridge(x) + 3
      const tall = 19 + ((index * 7) % 11)
      trees.push(
        svgElement('path', {
          class: 'poplar',
          d: `M${x} ${foot}q-6-${tall * 0.5} 0-${tall}q6 ${tall * 0.5} 0 ${tall}z`,
        }),
      )
    }
  return trees
}

function set(target: SVGElement, attributes: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(attributes)) target.setAttribute(name, String(value))
}
