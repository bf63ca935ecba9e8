/** A source of numbers in [0, 1), the same for the same seed parts. */
export interface Random {
  next(): number
  /** A whole number in [0, below). */
  below(below: number): number
  pick<Item>(items: readonly [Item, ...Item[]]): Item
  /** `length` characters of [0-9A-Za-z], as they occur in ids. */
  token(length: number): string
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Mulberry32 over an FNV-1a hash of the parts. */
export function createRandom(...parts: readonly (string | number)[]): Random {
  let state = hash(JSON.stringify(parts))
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    next,
    below,
    pick: (items) => items[below(items.length)] ?? items[0],
    token: (length) => Array.from({ length }, () => alphabet.charAt(below(alphabet.length))).join(''),
  }
}

function hash(text: string): number {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return value >>> 0
}
