import * as v from 'valibot'

/**
 * Content as both formats spell it: a string, or an array of typed items. Decided by looking, not by trying one
 * after the other, so that an error names the item that is wrong.
 */
export function stringOrArray<T>(
  item: v.GenericSchema<unknown, T>,
  items: string,
): v.GenericSchema<unknown, string | T[]> {
  const text = v.string()
  const array = v.array(item, `a string or an array of ${items}`)
  return v.lazy((input): v.GenericSchema<unknown, string | T[]> => (typeof input === 'string' ? text : array))
}
