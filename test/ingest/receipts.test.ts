import type { Report, Verdict } from '@paceline/core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ask } from '../support/ask.ts'
import { BROWSER, send, shown } from '../support/events.ts'
import { seal } from '../support/receipt.ts'
import { startStack, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ worker: 'worker-with-recorder.ts' })
})
afterAll(() => stack.close())

const heard = async (): Promise<Report[]> =>
  (await (await fetch(`${stack.url}/test/heard`)).json()) as Report[]

/** What the coordinator has heard of a route from pages. */
const seenOn = async (route: string): Promise<Report['observations']> =>
  (await heard()).flatMap(({ observations }) =>
    observations.filter((one) => one.origin === 'browser' && one.route === route),
  )
/** How much of a kind it has heard to have been turned away from pages. */
const refused = async (what: string): Promise<number> =>
  (await heard())
    .flatMap(({ refusals }) => refusals)
    .filter((one) => one.source === '/browser' && one.what === what)
    .reduce((sum, { count }) => sum + count, 0)

const ENTRY = /paceline;desc="([\w-]{16}\.[\w-]+)\.(\d+-\d+)"/

/** Asks the gateway, and reads the proof that comes with the answer. */
async function proofOf(route: string, stream = true): Promise<string> {
  const { headers } = await ask(stack, 'openai', route, { stream })
  const [, proof] = ENTRY.exec(headers.get('server-timing') ?? '') ?? []
  if (proof === undefined) throw new Error(`no receipt in ${headers.get('server-timing')}`)
  return proof
}

/** Tells of one call in a request of its own, as a page would. */
async function tell(id: string, data: object, source = '/browser/session-1'): Promise<Verdict | undefined> {
  const [verdict] = await send(stack, BROWSER, [shown(id, data, { source })])
  return verdict
}

describe('the receipt of an answer', () => {
  it.each([
    ['streamed', true],
    ['whole', false],
  ])(
    'that came %s counts what a page saw of it, for the route and candidate that answered',
    async (_name, stream) => {
      const route = stack.freshRoute('oa')
      const proof = await proofOf(route, stream)
      // The page believes in another route: the receipt knows better.
      expect(await tell(`real-${stream}`, { ttfvtMs: 2_000, proof, route: 'plain' })).toEqual({
        id: `real-${stream}`,
        verdict: 'accepted',
        evidence: 'counted',
      })
      await vi.waitFor(async () => {
        expect(await seenOn(route)).toMatchObject([
          { candidate: `openai-${route.split('-')[1]}`, directives: 0, summary: { count: 1, late: 1 } },
        ])
      })
    },
  )

  it('names the candidate that answered in the end', async () => {
    const route = stack.freshRoute('oa')
    stack.openai.setFault({ kind: 'cut', afterTokens: 0 })
    const proof = await proofOf(route)
    stack.heal()
    await tell('moved', { ttfvtMs: 2_000, proof })
    await vi.waitFor(async () => {
      expect(await seenOn(route)).toMatchObject([{ candidate: `anthropic-${route.split('-')[1]}` }])
    })
  })

  it('counts what was in time within a second', async () => {
    const route = stack.freshRoute('oa')
    await tell('in-time', { proof: await proofOf(route) })
    await vi.waitFor(
      async () => expect(await seenOn(route)).toMatchObject([{ summary: { count: 1, late: 0 } }]),
      { timeout: 3_000 },
    )
  })

  it('counts once: who shows it again is told, and changes nothing', async () => {
    const route = stack.freshRoute('oa')
    const proof = await proofOf(route)
    const data = { ttfvtMs: 3_000, proof }
    const before = await refused('evidence-replayed')
    expect(await tell('single-1', data, '/browser/honest')).toMatchObject({ evidence: 'counted' })
    expect(await tell('single-1', data, '/browser/honest')).toMatchObject({
      verdict: 'duplicate',
      evidence: 'counted',
    })
    expect(await tell('single-2', data, '/browser/replayer')).toMatchObject({
      verdict: 'accepted',
      evidence: 'replayed',
    })
    await vi.waitFor(async () => expect(await refused('evidence-replayed')).toBe(before + 1), {
      timeout: 5_000,
    })
    expect(await seenOn(route)).toMatchObject([{ summary: { count: 1 } }])
  })

  it('counts once where it comes many times at once', async () => {
    const route = stack.freshRoute('oa')
    const proof = await proofOf(route)
    const verdicts = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        tell(`at-once-${index}`, { ttfvtMs: 3_000, proof }, `/browser/crowd-${index}`),
      ),
    )
    expect(verdicts.filter((one) => one?.evidence === 'counted')).toHaveLength(1)
    expect(verdicts.filter((one) => one?.evidence === 'replayed')).toHaveLength(19)
  })

  it('counts once however many tell of it while the coordinator is out, and none of it is lost', async () => {
    const route = stack.freshRoute('oa')
    await fetch(`${stack.url}/test/out`, { method: 'PUT' })
    const proofs = await Promise.all(Array.from({ length: 8 }, () => proofOf(route)))
    for (const [index, proof] of proofs.entries()) {
      expect(await tell(`out-${index}`, { ttfvtMs: 3_000, proof })).toMatchObject({ evidence: 'counted' })
    }
    await fetch(`${stack.url}/test/out`, { method: 'DELETE' })
    await vi.waitFor(
      async () => {
        const counts = (await seenOn(route)).map(({ summary }) => summary.count)
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(8)
      },
      { timeout: 20_000, interval: 200 },
    )
  })

  it.each<[string, 'forged' | 'stale', (route: string) => Promise<string>]>([
    ['made up', 'forged', () => Promise.resolve(`${'A'.repeat(16)}.${'B'.repeat(80)}`)],
    [
      'of another call',
      'forged',
      async (route) => {
        const [one, other] = await Promise.all([proofOf(route), proofOf(route)])
        return `${one.split('.')[0]}.${other.split('.')[1]}`
      },
    ],
    ['of another secret', 'forged', (route) => seal(route, Date.now(), 'another secret')],
    ['older than ten minutes', 'stale', (route) => seal(route, Date.now() - 601_000)],
    ['from the future', 'stale', (route) => seal(route, Date.now() + 120_000)],
    ['for a route that is gone', 'stale', () => seal('gone-1', Date.now())],
  ])('that is %s changes nothing and is told: %s', async (name, evidence, make) => {
    const route = stack.freshRoute('oa')
    const source = `/browser/${name.replaceAll(' ', '-')}`
    const proof = await make(route)
    const before = await refused(`evidence-${evidence}`)
    const told = await tell(`bad-${name.replaceAll(' ', '-')}`, { ttfvtMs: 9_000, proof }, source)
    expect(told).toMatchObject({ verdict: 'accepted', evidence })
    await vi.waitFor(async () => expect(await refused(`evidence-${evidence}`)).toBe(before + 1), {
      timeout: 5_000,
    })
    expect(await seenOn(route)).toEqual([])
  })

  it('made outside by the same secret is as good', async () => {
    const route = stack.freshRoute('oa')
    const proof = await seal(route, Date.now())
    expect(await tell('sealed', { proof })).toMatchObject({ evidence: 'counted' })
  })

  it('is spent by a page that could not see the answer, and counts nothing', async () => {
    const route = stack.freshRoute('oa')
    const proof = await proofOf(route)
    const hidden = await tell('hidden', { ttfvtMs: 9_000, class: 'was-hidden', proof })
    expect(hidden).toEqual({ id: 'hidden', verdict: 'accepted' })
    expect(await tell('seen-after-all', { ttfvtMs: 9_000, proof })).toMatchObject({ evidence: 'replayed' })
    expect(await seenOn(route)).toEqual([])
  })

  it('is not given for a request that was refused', async () => {
    const response = await fetch(`${stack.url}/v1/chat/completions`, { method: 'POST', body: '{}' })
    expect(response.headers.get('server-timing')).toBeNull()
  })
})

describe('without a secret', () => {
  it('there is no receipt, and what pages tell counts for nothing', async () => {
    const bare = await startStack({ bindings: { PACELINE_SECRET: '' } })
    try {
      const { headers, ending } = await ask(bare, 'openai', bare.freshRoute('oa'), { stream: true })
      expect(ending).toBe('complete')
      expect(headers.get('server-timing')).not.toContain('paceline;')
      const proof = await seal('oa-0', Date.now())
      expect(await send(bare, BROWSER, [shown('bare', { proof })])).toMatchObject([{ evidence: 'unproven' }])
    } finally {
      await bare.close()
    }
  })
})
