import { listen } from '../listen.ts'

/** When the page was last out of sight, and when it came back from the back/forward cache; -1 for never. */
export interface Visibility {
  hiddenAt: number
  thawedAt: number
}

export function watchVisibility(signal: AbortSignal): Visibility {
  const visibility = { hiddenAt: -1, thawedAt: -1 }
  // Both when it goes and when it comes back: until then it was hidden.
  listen(document, 'visibilitychange', () => (visibility.hiddenAt = performance.now()), signal, true)
  listen(
    window,
    'pageshow',
    ({ persisted }: PageTransitionEvent) => {
      if (persisted) visibility.thawedAt = performance.now()
    },
    signal,
    true,
  )
  return visibility
}
