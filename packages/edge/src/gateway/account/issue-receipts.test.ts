import { failed, success } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import { Receipts } from '../../receipt/receipts.ts'
import { sourceOf, type Call } from '../call.ts'
import type { Candidate } from '../candidate.ts'
import { issueReceipts, receiptEntry } from './issue-receipts.ts'

const candidate = (id: string): Candidate => ({ id }) as Candidate
const callWith = (receipts: Receipts | null): Call =>
  ({ route: { name: 'chat' }, directives: 7, receipts }) as unknown as Call
const answer = success({ kind: 'whole', source: sourceOf(candidate('a')), text: '' } as const)

describe('issuing receipts', () => {
  it('names the candidate of the last attempt', async () => {
    const receipts = new Receipts('a secret')
    const call = callWith(receipts)
    const ask = issueReceipts(() =>
      Promise.resolve(failed({ kind: 'overloaded', phase: 'headers', message: '' })),
    )
    await ask([candidate('first')], call)
    await ask([candidate('second')], call)
    const made = await call.receipt
    const opened = await receipts.open(`${made?.call}.${made?.receipt}`, Date.now())
    expect(opened).toMatchObject({ ok: true, routed: { route: 'chat', candidate: 'second', directives: 7 } })
  })

  it('keeps no attempt waiting', async () => {
    const never = { mint: () => new Promise(() => undefined) } as unknown as Receipts
    expect(await issueReceipts(() => Promise.resolve(answer))([candidate('a')], callWith(never))).toBe(answer)
  })

  it('makes none without a secret, and takes no answer away where making one fails', async () => {
    const broken = { mint: () => Promise.reject(new Error('no entropy')) } as unknown as Receipts
    for (const receipts of [null, broken]) {
      const call = callWith(receipts)
      expect(await issueReceipts(() => Promise.resolve(answer))([candidate('a')], call)).toBe(answer)
      expect(await call.receipt).toBeNull()
    }
  })

  it('is spelled as pages read it', () => {
    expect(receiptEntry({ call: 'CALL', receipt: 'RECEIPT' }, { epoch: 12, version: 3 })).toBe(
      'paceline;desc="CALL.RECEIPT.12-3"',
    )
  })
})
