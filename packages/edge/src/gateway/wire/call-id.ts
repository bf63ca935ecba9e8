/**
 * An id for a tool call whose provider gave none. No call of an earlier turn may bear the same one, so it is made of
 * the answer's id, or drawn by lot; and every provider must take it back, which leaves 40 letters, digits, `_` and `-`.
 *
 * @param answer the provider's id of the answer; '' where there is none
 */
export function callIds(answer: string): (index: number) => string {
  const seed = (answer || crypto.randomUUID()).replaceAll(/[^\w-]/g, '').slice(-MOST)
  return (index) => `call_${seed}_${index}`
}

const MOST = 30
