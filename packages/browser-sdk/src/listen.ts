import { isolated } from './isolated.ts'

/** Listens until the SDK is stopped. With `capture` it hears before the page does. */
export const listen = (
  target: EventTarget,
  type: string,
  work: (event: never) => unknown,
  signal: AbortSignal,
  capture = false,
): void => {
  const listener = isolated(work as (event: Event) => unknown)
  target.addEventListener(type, listener, { signal, capture })
}
