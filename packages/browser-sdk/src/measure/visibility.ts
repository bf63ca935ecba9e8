import { isolated } from '../isolated.ts'

/** When the page was last out of sight. */
export interface Visibility {
  /** The last instant at which the page was hidden: now, while it is; -1 for never. */
  lastHiddenAt(): number
  /** When it last came back from the back/forward cache; -1 for never. */
  lastThawedAt(): number
}

export function watchVisibility(signal: AbortSignal): Visibility {
  let hiddenUntil = document.hidden ? 0 : -1
  let thawedAt = -1
  document.addEventListener(
    'visibilitychange',
    isolated(() => (hiddenUntil = performance.now())),
    { signal, capture: true },
  )
  window.addEventListener(
    'pageshow',
    isolated((event: PageTransitionEvent) => {
      if (event.persisted) thawedAt = performance.now()
    }),
    { signal, capture: true },
  )
  return {
    lastHiddenAt: () => (document.hidden ? performance.now() : hiddenUntil),
    lastThawedAt: () => thawedAt,
  }
}
