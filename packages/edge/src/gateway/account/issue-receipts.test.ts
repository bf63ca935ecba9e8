import { failed, success, type Outcome } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import { Receipts, type Receipt } from '../../receipt/receipts.ts'
import { beginAttempt, sourceOf, type Answer, type Attempt, type Call, type Service } from '../call.ts'
import type { Candidate } from '../candidate.ts'
import { issueReceipts, receiptEntry } from './issue-receipts.ts'

const candidate = (id: string): Candidate => ({ id }) as Candidate
const callWith = (receipts: Receipts | null): Call =>
  ({ route: { name: 'chat' }, directives: 7, receipts, attempts: [] }) as unknown as Call
const answer = { kind: 'whole', source: sourceOf(candidate('a')), text: '', isPlain: true } as const
const answering: Service<Attempt, Answer> = () => Promise.resolve(success(answer))

async function ask(
  call: Call,
  service = answering,
): Promise<{ outcome: Outcome<Answer>; receipt: Receipt | null | undefined }> {
  const outcome = await issueReceipts(service)(beginAttempt(candidate('a'), call, 'first'), call)
  return { outcome, receipt: outcome.ok ? await outcome.value.receipt : undefined }
}

describe('issuing receipts', () => {
  it('names the candidate that answers', async () => {
    const receipts = new Receipts('a secret')
    const { receipt } = await ask(callWith(receipts))
    const opened = await receipts.open(`${receipt?.call}.${receipt?.receipt}`, Date.now())
    expect(opened).toMatchObject({ ok: true, routed: { route: 'chat', candidate: 'a', directives: 7 } })
  })

  it('passes failures on as they are', async () => {
    const failure = failed({ kind: 'overloaded', phase: 'headers', message: '' })
    const { outcome } = await ask(callWith(new Receipts('a secret')), () => Promise.resolve(failure))
    expect(outcome).toBe(failure)
  })

  it('keeps no attempt waiting', async () => {
    const never = { mint: () => new Promise(() => undefined) } as unknown as Receipts
    const call = callWith(never)
    const outcome = await issueReceipts(answering)(beginAttempt(candidate('a'), call, 'first'), call)
    expect(outcome).toMatchObject({ ok: true, value: answer })
  })

  it('makes none without a secret, and takes no answer away where making one fails', async () => {
    const broken = { mint: () => Promise.reject(new Error('no entropy')) } as unknown as Receipts
    for (const receipts of [null, broken])
      expect(await ask(callWith(receipts))).toMatchObject({ outcome: { value: answer }, receipt: null })
  })

  it('is spelled as pages read it', () => {
    expect(receiptEntry({ call: 'CALL', receipt: 'RECEIPT' }, { epoch: 12, version: 3 })).toBe(
      'paceline;desc="CALL.RECEIPT.12-3"',
    )
  })
})
