import { svgElement } from '../element.ts'
import { joint, type Point } from './limb.ts'
import type { Pose } from './pose.ts'

const rearHub: Point = { x: -30, y: -20 }
const frontHub: Point = { x: 30, y: -20 }
const crank: Point = { x: -5, y: -19 }
const crankLength = 8
const spokes = 'M0-18V18M-15.6-9L15.6 9M-15.6 9L15.6-9'

/** One cyclist, drawn from a pose and two angles. */
export class RiderFigure {
  readonly root: SVGGElement
  readonly #bike: SVGGElement
  readonly #rear: SVGGElement
  readonly #front: SVGGElement
  readonly #rearSpokes = svgElement('path', { class: 'spokes', d: spokes })
  readonly #frontSpokes = svgElement('path', { class: 'spokes', d: spokes })
  readonly #cranks = svgElement('path', { class: 'cranks' })
  readonly #farLeg = svgElement('path', { class: 'leg far-side' })
  readonly #nearLeg = svgElement('path', { class: 'leg' })
  readonly #farArm = svgElement('path', { class: 'arm far-side' })
  readonly #nearArm = svgElement('path', { class: 'arm' })
  readonly #torso = svgElement('path', { class: 'torso' })
  readonly #neck = svgElement('path', { class: 'neck' })
  readonly #head: SVGGElement

  constructor(color: string) {
    this.#rear = svgElement('g', {}, svgElement('circle', { class: 'tyre', r: '19' }), this.#rearSpokes)
    this.#front = svgElement('g', {}, svgElement('circle', { class: 'tyre', r: '19' }), this.#frontSpokes)
    this.#bike = svgElement(
      'g',
      {},
      this.#rear,
      this.#front,
      svgElement('path', { class: 'frame', d: 'M-30-20L-5-19L20-43L-12-45ZM-30-20L-12-45M-5-19L-14-51' }),
      svgElement('path', { class: 'frame', d: 'M30-20L19-46L18-51' }),
      svgElement('path', { class: 'bar', d: 'M18-51L27-52Q33-51 31-46Q30-43 26-43' }),
      svgElement('path', { class: 'saddle', d: 'M-21-52L-8-51' }),
      svgElement('circle', { class: 'chainring', cx: '-5', cy: '-19', r: '5' }),
    )
    this.#head = svgElement(
      'g',
      {},
      svgElement('circle', { class: 'face', r: '6.2' }),
      svgElement('path', { class: 'helmet', d: 'M-9.5-.5Q-8-10.5 1-9.6Q8-9 8.4-1.4Q2-4.2-9.5-.5Z' }),
    )
    this.root = svgElement(
      'g',
      { class: 'figure' },
      svgElement('ellipse', { class: 'shadow', cy: '1', rx: '50', ry: '3.5' }),
      this.#farArm,
      this.#farLeg,
      this.#bike,
      this.#cranks,
      this.#nearLeg,
      this.#neck,
      this.#torso,
      this.#head,
      this.#nearArm,
    )
    this.root.style.setProperty('--jersey', color)
  }

  /** Angles in radians. */
  draw(pose: Pose, crankAngle: number, wheelAngle: number): void {
    const turn = `rotate(${((wheelAngle * 180) / Math.PI).toFixed(1)})`
    this.#rearSpokes.setAttribute('transform', turn)
    this.#frontSpokes.setAttribute('transform', turn)
    const squash = 1 - 0.22 * pose.flat
    this.#rear.setAttribute(
      'transform',
      `translate(${rearHub.x} ${rearHub.y * squash}) scale(${1 + 0.05 * pose.flat} ${squash})`,
    )
    this.#front.setAttribute('transform', `translate(${frontHub.x} ${frontHub.y})`)
    this.#bike.setAttribute(
      'transform',
      `translate(${10 * pose.lying} 0) skewX(${-28 * pose.lying}) scale(1 ${1 - 0.66 * pose.lying})`,
    )

    const hip = { x: pose.hipX, y: pose.hipY }
    const shoulder = { x: pose.shoulderX, y: pose.shoulderY }
    const head = { x: pose.headX, y: pose.headY }
    const hand = { x: pose.handX, y: pose.handY }
    const nearPedal = pedal(crankAngle)
    const farPedal = pedal(crankAngle + Math.PI)
    const nearFoot = between({ x: pose.nearFootX, y: pose.nearFootY }, nearPedal, pose.nearPedal)
    const farFoot = between({ x: pose.farFootX, y: pose.farFootY }, farPedal, pose.farPedal)

    this.#cranks.setAttribute('d', `M${at(nearPedal)}L${at(farPedal)}`)
    this.#cranks.style.opacity = String(1 - pose.lying)
    this.#nearLeg.setAttribute('d', leg(hip, nearFoot))
    this.#farLeg.setAttribute('d', leg({ x: hip.x + 1, y: hip.y }, farFoot))
    const elbow = joint(shoulder, hand, 17.5, 17.5, 1)
    this.#nearArm.setAttribute('d', `M${at(shoulder)}L${at(elbow)}L${at(hand)}`)
    this.#farArm.setAttribute('d', `M${at(shoulder)}L${elbow.x + 3} ${elbow.y - 1}L${hand.x + 2} ${hand.y}`)
    // A slight arch of the back, away from the bike.
    const arch = { x: (hip.x + shoulder.x) / 2 - 4, y: (hip.y + shoulder.y) / 2 - 4 }
    this.#torso.setAttribute('d', `M${at(hip)}Q${at(arch)} ${at(shoulder)}`)
    this.#neck.setAttribute('d', `M${at(shoulder)}L${at(head)}`)
    this.#head.setAttribute('transform', `translate(${at(head)}) rotate(${pose.nod.toFixed(1)})`)
  }
}

function pedal(angle: number): Point {
  return { x: crank.x + Math.cos(angle) * crankLength, y: crank.y + Math.sin(angle) * crankLength }
}

function leg(hip: Point, foot: Point): string {
  const ankle = { x: foot.x - 2, y: foot.y - 2 }
  return `M${at(hip)}L${at(joint(hip, ankle, 23, 22, -1))}L${at(ankle)}L${at({ x: foot.x + 5, y: foot.y })}`
}

function between(from: Point, to: Point, share: number): Point {
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share }
}

function at({ x, y }: Point): string {
  return `${x.toFixed(2)} ${y.toFixed(2)}`
}
