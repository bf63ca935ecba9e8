export interface Point {
  readonly x: number
  readonly y: number
}

/** Where the knee or elbow is, given both ends of a limb, its two lengths, and the side it bends to. */
export function joint(from: Point, to: Point, upper: number, lower: number, bend: 1 | -1): Point {
  const dx = to.x - from.x
  const dy = to.y - from.y
  const reach = Math.max(Math.hypot(dx, dy), 0.001)
  const distance = Math.min(Math.max(reach, Math.abs(upper - lower)), upper + lower)
  const along = (upper * upper - lower * lower + distance * distance) / (2 * distance)
  const aside = Math.sqrt(Math.max(0, upper * upper - along * along)) * bend
  return {
    x: from.x + (dx * along - dy * aside) / reach,
    y: from.y + (dy * along + dx * aside) / reach,
  }
}
