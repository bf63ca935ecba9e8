import type { Sample } from '@paceline/core'
import type { Arrival, Kept } from './arrival.ts'

export type ShownSample = Extract<Sample, { kind: 'shown' }>

/**
 * What pages have seen of candidates, as far as it counts: with a receipt that is the edge's own, and that this event
 * was the first to spend. The same event sent again is known already and says nothing new.
 *
 * @param kept what became of each arrival, in the same order
 */
export const witnessed = (arrivals: readonly Arrival[], kept: readonly Kept[]): ShownSample[] =>
  arrivals.flatMap(({ event, proof }, index) => {
    const fate = kept[index]
    if (fate?.verdict !== 'accepted' || fate.evidence !== 'counted') return []
    if (event.type !== 'ai.turn.shown' || proof.kind !== 'valid') return []
    return [{ kind: 'shown', candidate: proof.candidate, late: event.data.ttfvtMs > proof.targetMs }]
  })
