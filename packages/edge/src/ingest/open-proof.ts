import type { PacelineEvent } from '@paceline/core'
import type { OpenedProof } from './arrival.ts'
import type { IngestSetup } from './ingest-setup.ts'

/** The proof that came with an event: `CALL.RECEIPT`. */
export const proofOf = ({ data }: PacelineEvent): string | null =>
  'proof' in data ? (data.proof ?? null) : null

/** What an event's proof says, as far as this edge can tell. */
export async function openProof(
  proof: string | null,
  { receipts, targets }: Pick<IngestSetup, 'receipts' | 'targets'>,
  now: number,
): Promise<OpenedProof> {
  if (proof === null || receipts === null) return { kind: 'none' }
  const opened = await receipts.open(proof, now)
  if (!opened.ok) return { kind: opened.why }
  const { route, candidate, directives } = opened.routed
  const targetMs = targets.get(route)?.get(candidate)
  // Issued under another configuration: there is nothing left that the time could be held against.
  if (targetMs === undefined) return { kind: 'stale' }
  return { kind: 'valid', call: callOf(proof), route, candidate, directives, targetMs }
}

/** The call that a proof names. */
export const callOf = (proof: string): string => proof.slice(0, proof.indexOf('.'))
