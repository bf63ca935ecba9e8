/** How many objects share the events. To change it moves sources, so that for a day some duplicates go unseen. */
export const SHARDS = 4

/** The shard of a name, spread evenly (FNV-1a). http://www.isthe.com/chongo/tech/comp/fnv/ */
export function shardOf(name: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < name.length; index += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193)
  }
  // The lowest bits alone would follow the last characters' parity.
  return ((hash >>> 16) ^ hash) & (SHARDS - 1)
}
