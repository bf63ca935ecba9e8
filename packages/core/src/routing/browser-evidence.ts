/**
 * What pages have seen of a candidate, with receipts. It is weak evidence: pages are slow for many reasons, and whoever
 * can ask a question can make up what came of it. So it is heard no more often than the gateway's own, only compared
 * with what pages usually see, and never takes more than half of a share.
 */
export interface BrowserEvidence {
  /** What it has left of the share, `EVIDENCE.floor` to 1. */
  readonly factor: number
  /** Times of pages since they were last judged, and how many of them were late. */
  readonly window: { readonly samples: number; readonly late: number }
  /** First outputs that the gateway saw meanwhile: no more pages than these are heard. */
  readonly gateway: number
  /** The part of late ones that is usual, however slow the network and the devices are; null before the first window. */
  readonly usualLate: number | null
  /** Whether the window before was worse than usual, too. */
  readonly worseBefore: boolean
}

export const EVIDENCE = {
  window: 20,
  /** Worse than usual by this part of late ones, two windows in a row: it shrinks. Within `calmWithin`: it grows. */
  worseBy: 0.1,
  calmWithin: 0.03,
  shrinkBy: 0.8,
  growBy: 0.02,
  floor: 0.5,
  /** How far each window moves what is usual. */
  smoothing: 0.02,
} as const

const EMPTY_WINDOW = { samples: 0, late: 0 } as const

export const NO_EVIDENCE: BrowserEvidence = {
  factor: 1,
  window: EMPTY_WINDOW,
  gateway: 0,
  usualLate: null,
  worseBefore: false,
}

/** One more first output that the gateway saw itself. */
export const seenByGateway = (evidence: BrowserEvidence): BrowserEvidence =>
  evidence.gateway >= EVIDENCE.window ? evidence : { ...evidence, gateway: evidence.gateway + 1 }

export function seenByPage(evidence: BrowserEvidence, late: boolean): BrowserEvidence {
  if (evidence.window.samples >= evidence.gateway) return evidence
  const samples = evidence.window.samples + 1
  const lateCount = evidence.window.late + (late ? 1 : 0)
  if (samples < EVIDENCE.window) return { ...evidence, window: { samples, late: lateCount } }

  const lateShare = lateCount / samples
  const usual = evidence.usualLate ?? lateShare
  const isWorse = lateShare - usual > EVIDENCE.worseBy
  return {
    factor: nextFactor(evidence, lateShare - usual, isWorse),
    window: EMPTY_WINDOW,
    gateway: 0,
    usualLate: usual + EVIDENCE.smoothing * (lateShare - usual),
    worseBefore: isWorse,
  }
}

/** The past forgotten, but for what is usual. */
export const evidenceForgiven = ({ usualLate }: BrowserEvidence): BrowserEvidence => ({
  ...NO_EVIDENCE,
  usualLate,
})

function nextFactor({ factor, worseBefore }: BrowserEvidence, excess: number, isWorse: boolean): number {
  if (isWorse && worseBefore) return Math.max(factor * EVIDENCE.shrinkBy, EVIDENCE.floor)
  if (excess < EVIDENCE.calmWithin) return Math.min(factor + EVIDENCE.growBy, 1)
  return factor
}
