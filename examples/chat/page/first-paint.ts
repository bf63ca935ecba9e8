/**
 * Resolves with the milliseconds from `submittedAt` to the frame after the one that paints what has just been put on
 * the page, or with null when the page was hidden meanwhile: hidden pages paint nothing, so the figure would be a lie.
 */
export function firstPaintMs(submittedAt: number): Promise<number | null> {
  if (wasHiddenSince(submittedAt)) return Promise.resolve(null)
  return new Promise((resolve) => {
    const settle = (value: number | null) => {
      document.removeEventListener('visibilitychange', onHidden)
      resolve(value)
    }
    const onHidden = () => settle(null)
    document.addEventListener('visibilitychange', onHidden)
    requestAnimationFrame(() => {
      requestAnimationFrame((at) => settle(at - submittedAt))
    })
  })
}

let lastHiddenAt = document.hidden ? 0 : -1
document.addEventListener('visibilitychange', () => {
  lastHiddenAt = performance.now()
})

function wasHiddenSince(submittedAt: number): boolean {
  return document.hidden || lastHiddenAt >= submittedAt
}
