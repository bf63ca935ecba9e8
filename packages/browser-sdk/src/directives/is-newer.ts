import type { Version } from '@paceline/core'

/** The rule of core, written again: imported from there it brings all schemas along, twice the weight of this script. */
export const isNewer = (next: Version, current: Version): boolean =>
  next.epoch > current.epoch || (next.epoch === current.epoch && next.version > current.version)
