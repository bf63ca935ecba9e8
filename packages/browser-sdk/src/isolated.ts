/**
 * Work of ours that the page calls: listeners, timers, observers, methods. Nothing that goes wrong in it reaches the
 * page, neither thrown nor as a rejection that nobody handles.
 */
export const isolated =
  <A extends unknown[]>(work: (...args: A) => unknown): ((...args: A) => void) =>
  (...args) => {
    try {
      const result = work(...args)
      if (result instanceof Promise) result.catch(nothing)
    } catch {
      // A page is worth more than its figures.
    }
  }

const nothing = (): void => undefined
