import { describe, expect, it } from 'vitest'
import { Receipts, type Routed } from './receipts.ts'

const NOW = 1_800_000_000_000
const ROUTED: Routed = { route: 'chat', candidate: 'gpt-mini', directives: 7, issuedAt: NOW }
const receipts = new Receipts('a secret')

const proofOf = async (by: Receipts = receipts, routed: Routed = ROUTED): Promise<string> => {
  const { call, receipt } = await by.mint(routed)
  return `${call}.${receipt}`
}
const FORGED = { ok: false, why: 'forged' }

describe('a receipt', () => {
  it('opens to how its call was answered', async () => {
    expect(await receipts.open(await proofOf(), NOW)).toEqual({ ok: true, routed: ROUTED })
  })

  it('opens with another instance of the same secret', async () => {
    expect(await new Receipts('a secret').open(await proofOf(), NOW)).toMatchObject({ ok: true })
  })

  it('fits where proofs are carried, also with the longest names', async () => {
    const longest = { ...ROUTED, route: 'r'.repeat(128), candidate: 'c'.repeat(128), directives: 2 ** 53 - 1 }
    expect(await proofOf(receipts, longest)).toMatch(/^[\w-]{16}\.[\w-]{1,512}$/)
  })

  it('tells its holder nothing', async () => {
    const { receipt } = await receipts.mint(ROUTED)
    const bytes = atob(receipt.replaceAll('-', '+').replaceAll('_', '/'))
    expect(bytes).not.toMatch(/chat|gpt/)
  })

  it('is another one for each call', async () => {
    const proofs = await Promise.all(Array.from({ length: 100 }, () => proofOf()))
    expect(new Set(proofs.map((proof) => proof.split('.')[0])).size).toBe(100)
  })

  it('is forged where any of its characters was changed', async () => {
    const proof = await proofOf()
    const swapped = Array.from(proof).flatMap((character, index) =>
      // The last character of the receipt holds bits that stand for nothing.
      character === '.' || index === proof.length - 1
        ? []
        : [proof.slice(0, index) + (character === 'A' ? 'B' : 'A') + proof.slice(index + 1)],
    )
    const opened = await Promise.all(swapped.map((one) => receipts.open(one, NOW)))
    expect(opened.every((one) => !one.ok && one.why === 'forged')).toBe(true)
  })

  it('is forged where it was taken from another call', async () => {
    const [first, second] = await Promise.all([receipts.mint(ROUTED), receipts.mint(ROUTED)])
    expect(await receipts.open(`${first.call}.${second.receipt}`, NOW)).toEqual(FORGED)
  })

  it.each(['', '.', 'x', 'AAAAAAAAAAAAAAAA', 'AAAAAAAAAAAAAAAA.', 'AAAA.AAAA', 'a b.c', '!.!', 'A.A.A'])(
    'is forged where it is %j',
    async (proof) => {
      expect(await receipts.open(proof, NOW)).toEqual(FORGED)
    },
  )

  it('has no second spelling', async () => {
    const proof = await proofOf()
    expect(await receipts.open(`${proof}.x`, NOW)).toEqual(FORGED)
    expect(await receipts.open(proof.replace('.', '=.'), NOW)).toEqual(FORGED)
    expect(await receipts.open(proof.replace('.', 'A.'), NOW)).toEqual(FORGED)
  })

  it('is forged where another secret made it', async () => {
    expect(await receipts.open(await proofOf(new Receipts('another')), NOW)).toEqual(FORGED)
  })

  it('opens with the previous secret as long as that is known, and is made with the current one', async () => {
    const changed = new Receipts('new', 'a secret')
    expect(await changed.open(await proofOf(), NOW)).toMatchObject({ ok: true })
    expect(await new Receipts('new').open(await proofOf(), NOW)).toEqual(FORGED)
    expect(await new Receipts('new').open(await proofOf(changed), NOW)).toMatchObject({ ok: true })
  })

  it.each([
    ['opens after ten minutes', 600_000, true],
    ['is stale a moment later', 600_001, false],
    ['opens a minute early, since clocks differ', -60_000, true],
    ['is stale where it comes from the future', -60_001, false],
  ])('%s', async (_name, ageMs, ok) => {
    const opened = await receipts.open(await proofOf(), NOW + ageMs)
    expect(opened).toEqual(ok ? { ok: true, routed: ROUTED } : { ok: false, why: 'stale' })
  })
})
