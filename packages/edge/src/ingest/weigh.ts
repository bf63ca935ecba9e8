import type { Refusal, Verdict } from '@paceline/core'
import type { Arrival } from './arrival.ts'

/** What all browsers are called in the audit: what a page calls itself is its own invention, and nobody's address. */
export const BROWSERS = '/browser'

/** A time that a page saw, and whose it was. */
export interface Sample {
  readonly route: string
  readonly candidate: string
  readonly directives: number
  readonly ms: number
  readonly late: boolean
}

/** What an event that is new says beyond itself. */
export interface Weighed {
  readonly evidence: Verdict['evidence']
  readonly sample?: Sample
  readonly refusal?: Omit<Refusal, 'count'>
}

/**
 * What a new event counts for. Only a time that somebody saw in a visible page is evidence, and only with a receipt
 * that nothing else has spent. Events that hold no such time get no word on evidence, unless they came with a proof
 * that is none.
 *
 * @param spent whether another event has told of the same call before
 */
export function weigh({ event, proof }: Arrival, spent: boolean): Weighed {
  const isBrowser = event.source.startsWith(`${BROWSERS}/`)
  const source = isBrowser ? BROWSERS : event.source
  if (event.type === 'directive.refused') {
    const reason = isBrowser ? {} : { reason: event.data.reason }
    return { evidence: undefined, refusal: { what: 'directive-refused', source, ...reason } }
  }
  const shows = event.type === 'ai.turn.shown' && event.data.class === 'visible'
  switch (proof.kind) {
    case 'none':
      return { evidence: shows ? 'unproven' : undefined }
    case 'forged':
    case 'stale':
      return { evidence: proof.kind, refusal: { what: `evidence-${proof.kind}`, source } }
    case 'valid': {
      if (spent) return { evidence: 'replayed', refusal: { what: 'evidence-replayed', source } }
      if (!shows) return { evidence: undefined }
      const { route, candidate, directives, targetMs } = proof
      const ms = event.data.ttfvtMs
      return { evidence: 'counted', sample: { route, candidate, directives, ms, late: ms > targetMs } }
    }
  }
}
