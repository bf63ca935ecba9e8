import * as v from 'valibot'

type Kv = DurableObjectStorage['kv']

/** What an object has kept; undefined also where its bytes are no value of any kind, so that the object lives on. */
export function storedValue(kv: Kv, name: string): unknown {
  try {
    return kv.get(name)
  } catch {
    return undefined
  }
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

/**
 * A number that an object counts up and keeps; null where there is none, or something that can't be counted on from.
 * One that stands still for ever, or is no number, would shut its object out with whoever takes only newer ones.
 */
export function storedCount(kv: Kv, name: string): number | null {
  const stored = v.safeParse(count, storedValue(kv, name))
  return stored.success ? stored.output : null
}
