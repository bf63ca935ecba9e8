import { setTimeout as wait } from 'node:timers/promises'
import { quantile } from '../../../scripts/drill/quantile.ts'
import { requestBytes, type Contestant } from '../load/contestant.ts'
import { Pool } from '../load/pool.ts'
import { timeStream } from '../load/time-stream.ts'
import { MockControl } from '../upstream/mock-control.ts'

/** What a brown-out of the primary did to those who asked. */
export interface BrownOut {
  readonly healthyP99Ms: number
  /** From three seconds after the onset. */
  readonly brownOutP99Ms: number
  readonly requests: number
  /** Calls that reached the providers while it lasted, over the requests of that time, less one. */
  readonly extraCallShare: number
  readonly incomplete: number
}

interface Plan {
  readonly primary: string
  readonly alternate: string
  readonly ratePerS: number
  readonly healthyMs: number
  readonly brownOutMs: number
  readonly slower: number
}

/** What the gateway may take to notice. */
const ONSET_MS = 3_000

interface Seen {
  readonly askedAt: number
  readonly firstOutputMs: number | null
  readonly complete: boolean
}

/** Asks the route `brown-out` by the clock: while all is well, and while the primary's first token comes late. */
export async function brownOut(
  paceline: Contestant,
  plan: Plan,
  say: (words: string) => void,
): Promise<BrownOut> {
  const primary = new MockControl(plan.primary)
  const alternate = new MockControl(plan.alternate)
  const pool = new Pool(paceline.port)
  const request = requestBytes(paceline, {
    model: 'brown-out',
    stream: true,
    messages: [{ role: 'user', content: 'Why ride in a paceline?' }],
  })
  try {
    say('healthy')
    const healthy = await ask(pool, request, plan.ratePerS, plan.healthyMs)
    await Promise.all([primary.forgetAttempts(), alternate.forgetAttempts()])
    say(`primary ${plan.slower} times slower`)
    await primary.setFault({ kind: 'slow-first-token', factor: plan.slower })
    const onsetAt = performance.now()
    const browned = await ask(pool, request, plan.ratePerS, plan.brownOutMs)
    const calls = (await primary.countAttempts()) + (await alternate.countAttempts())
    const late = browned.filter(({ askedAt }) => askedAt >= onsetAt + ONSET_MS)
    return {
      healthyP99Ms: p99(healthy),
      brownOutP99Ms: p99(late),
      requests: browned.length,
      extraCallShare: calls / browned.length - 1,
      incomplete: [...healthy, ...browned].filter(({ complete }) => !complete).length,
    }
  } finally {
    await primary.setFault(null)
    pool.close()
  }
}

/** An answer without any words took for ever. */
const p99 = (seen: readonly Seen[]): number =>
  quantile(
    seen.map(({ firstOutputMs }) => firstOutputMs ?? Infinity),
    0.99,
  )

/** Requests that begin by the clock, however long the answers take; resolves when all of them are answered. */
async function ask(pool: Pool, request: Buffer, ratePerS: number, lastsMs: number): Promise<Seen[]> {
  const startedAt = performance.now()
  const seen: Promise<Seen>[] = []
  for (let number = 0; ; number += 1) {
    const dueMs = (number * 1_000) / ratePerS
    if (dueMs >= lastsMs) break
    await wait(Math.max(0, startedAt + dueMs - performance.now()))
    const askedAt = performance.now()
    seen.push(timeStream(pool, request).then((times) => ({ askedAt, ...times })))
  }
  return Promise.all(seen)
}
