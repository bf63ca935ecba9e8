/** Computed when it is first asked for, and never again: requests that stay in their format never ask. */
export function lazy<T>(compute: () => T): () => T {
  let known: { readonly value: T } | null = null
  return () => {
    known ??= { value: compute() }
    return known.value
  }
}
