/** How many fields of what was sent are missing from what was understood; one that holds others counts once. */
export function countUnknown(sent: unknown, understood: unknown): number {
  if (!isObject(sent) || !isObject(understood)) return 0
  return Object.entries(sent).reduce(
    (count, [name, value]) =>
      count + (Object.hasOwn(understood, name) ? countUnknown(value, understood[name]) : 1),
    0,
  )
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
