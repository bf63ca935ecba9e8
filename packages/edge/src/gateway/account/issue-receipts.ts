import type { Version } from '@paceline/core'
import { log } from '../../log.ts'
import type { Receipt } from '../../receipt/receipts.ts'
import type { Answer, Attempt, Call, Layer } from '../call.ts'

/**
 * Makes a receipt beside each attempt, so that it is there before the provider has answered and delays nothing. That of
 * the attempt which answers goes out with the answer.
 */
export const issueReceipts: Layer<Attempt, Answer> = (inner) => async (attempt, call) => {
  const receipt = mint(call, attempt.candidate.id)
  const outcome = await inner(attempt, call)
  return outcome.ok ? { ok: true, value: { ...outcome.value, receipt } } : outcome
}

async function mint({ receipts, route, directives }: Call, candidate: string): Promise<Receipt | null> {
  if (receipts === undefined || receipts === null) return null
  try {
    return await receipts.mint({ route: route.name, candidate, directives, issuedAt: Date.now() })
  } catch {
    // An answer without a receipt is still an answer.
    log('receipt.failed', { candidate })
    return null
  }
}

/** The entry of `Server-Timing` that names the call, proves it, and tells which directives the edge has heard of. */
export const receiptEntry = ({ call, receipt }: Receipt, { epoch, version }: Version): string =>
  `paceline;desc="${call}.${receipt}.${epoch}-${version}"`
