import { listen } from '../listen.ts'

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
  listen(document, 'visibilitychange', () => (hiddenUntil = performance.now()), signal, true)
  listen(
    window,
    'pageshow',
    ({ persisted }: PageTransitionEvent) => {
      if (persisted) thawedAt = performance.now()
    },
    signal,
    true,
  )
  return {
    lastHiddenAt: () => (document.hidden ? performance.now() : hiddenUntil),
    lastThawedAt: () => thawedAt,
  }
}
