import type { ObservedCondition } from '../../src/condition.ts'

/**
 * How a rider holds itself: joints in units of the figure (the road is y = 0, up is negative, riding to the right), and
 * shares from 0 to 1. All of it numbers, so that a change of condition is a movement and not a jump.
 */
export interface Pose {
  hipX: number
  hipY: number
  shoulderX: number
  shoulderY: number
  headX: number
  headY: number
  handX: number
  handY: number
  /** Where the feet are when they are not on the pedals. */
  nearFootX: number
  nearFootY: number
  farFootX: number
  farFootY: number
  nearPedal: number
  farPedal: number
  /** Head down: degrees, clockwise. */
  nod: number
  /** 1 when the bike lies on the road. */
  lying: number
  /** 1 when the rear tyre is flat. */
  flat: number
}

const riding: Pose = {
  hipX: -13,
  hipY: -55,
  shoulderX: 13,
  shoulderY: -72,
  headX: 24,
  headY: -80,
  handX: 30,
  handY: -49,
  nearFootX: -4,
  nearFootY: -2,
  farFootX: -4,
  farFootY: -2,
  nearPedal: 1,
  farPedal: 1,
  nod: 8,
  lying: 0,
  flat: 0,
}

const standing: Pose = {
  ...riding,
  hipX: -4,
  hipY: -47,
  shoulderX: 3,
  shoulderY: -77,
  headX: 7,
  headY: -90,
  handX: 27,
  handY: -52,
  nearFootX: 3,
  nearFootY: -1,
  nearPedal: 0,
  nod: -8,
}

const poses: Record<ObservedCondition, Pose> = {
  fresh: riding,
  other: riding,
  tired: { ...riding, hipX: -14, shoulderX: 9, shoulderY: -69, headX: 21, headY: -66, handX: 28, nod: 52 },
  hanging: standing,
  unreachable: standing,
  cut: { ...standing, shoulderX: -1, headX: -7, headY: -87, nod: -38, flat: 1 },
  down: {
    ...riding,
    hipX: -16,
    hipY: -6,
    shoulderX: -22,
    shoulderY: -36,
    headX: -17,
    headY: -48,
    handX: 2,
    handY: -27,
    nearFootX: 12,
    nearFootY: -1,
    farFootX: 17,
    farFootY: -2,
    nearPedal: 0,
    farPedal: 0,
    nod: 24,
    lying: 1,
  },
}

const cadences: Record<ObservedCondition, number> = {
  fresh: 1,
  other: 1,
  tired: 0.35,
  hanging: 0,
  unreachable: 0,
  cut: 0,
  down: 0,
}

export function poseOf(condition: ObservedCondition): Pose {
  return poses[condition]
}

/** Turns of the crank, as a share of the fresh rider's. 0 means that it no longer rides. */
export function cadenceOf(condition: ObservedCondition): number {
  return cadences[condition]
}

/** Moves every number of `pose` by `share` of the way to `target`. Returns how far the farthest still is. */
export function approach(pose: Pose, target: Pose, share: number): number {
  let farthest = 0
  for (const key of Object.keys(target) as (keyof Pose)[]) {
    const missing = target[key] - pose[key]
    pose[key] += missing * share
    farthest = Math.max(farthest, Math.abs(missing))
  }
  return farthest
}
