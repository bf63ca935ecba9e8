import type { QuotaGrant, QuotaRequest } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import type { Allowance } from './allowance.ts'
import { allowanceOf } from './allowance.ts'
import { Allowances } from './allowances.ts'

const NOON = 20_000 * 86_400_000 + 43_200_000
const DAY = 20_000

/** One isolate's allowances, with a clock that its sleeps move on and a ledger that answers when it is let. */
class Rig {
  now = NOON
  readonly asked: { readonly subject: string; readonly request: QuotaRequest }[] = []
  readonly #answers: (() => void)[] = []
  readonly #allowances = new Allowances({
    now: () => this.now,
    sleep: async (ms) => {
      this.now += ms
      this.onSleep()
      await settle()
    },
  })
  /** What happens while somebody waits. */
  onSleep: () => void = () => undefined

  take(...allowances: readonly Allowance[]): ReturnType<Allowances['take']> {
    return this.#allowances.take(allowances, {
      leaseQuota: (subject, request) => {
        this.asked.push({ subject, request })
        const { promise, resolve, reject } = Promise.withResolvers<QuotaGrant>()
        this.#answers.push(() =>
          this.grant === null ? reject(new Error('out')) : resolve({ day: DAY, granted: this.grant }),
        )
        return promise
      },
      waitUntil: () => undefined,
    })
  }

  /** How much the ledger grants to each request; null while it is out. */
  grant: number | null = 0

  async answer(): Promise<void> {
    for (const answer of this.#answers.splice(0)) answer()
    await settle()
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
}

const only = (kind: 'key' | 'tier', fields: object): Allowance => {
  const [allowance] = allowanceOf(kind, 'x', fields)
  if (allowance === undefined) throw new Error('nothing is limited')
  return allowance
}

describe('what a key may do in a minute', () => {
  const key = only('key', { requestsPerMinute: 30, burst: 2 })

  it('ends in a 429 that says how long to wait', async () => {
    const rig = new Rig()
    expect(await rig.take(key)).toBeNull()
    expect(await rig.take(key)).toBeNull()
    expect(await rig.take(key)).toEqual({
      status: 429,
      code: 'rate_limited',
      message:
        "The key 'x' may make 30 requests a minute here, and has made them. Send the request again in 2 seconds.",
      param: null,
      retryable: true,
      retryAfterS: 2,
      clientsMayRetry: true,
    })
    rig.now += 2_000
    expect(await rig.take(key)).toBeNull()
  })

  it('is a minute’s worth at once unless a burst is given', () => {
    expect(only('key', { requestsPerMinute: 90 }).rate).toEqual({ perSecond: 1.5, burst: 90 })
    expect(allowanceOf('key', 'x', {})).toEqual([])
    expect(allowanceOf('key', 'x', { criticality: 'bulk' })).toEqual([])
  })

  it('is not spent where its tier has nothing left', async () => {
    const rig = new Rig()
    const tier = only('tier', { requestsPerMinute: 60, burst: 1 })
    expect(await rig.take(key, tier)).toBeNull()
    expect(await rig.take(key, tier)).toMatchObject({
      status: 429,
      message: expect.stringMatching(/^The tier 'x' may make 60/) as string,
      retryAfterS: 1,
    })
    expect(await rig.take(key)).toBeNull()
    expect(await rig.take(key)).not.toBeNull()
  })
})

describe('what a key may do in a day', () => {
  const key = only('key', { requestsPerDay: 100 })

  it('is heard of before the first request, and then asked for ahead', async () => {
    const rig = new Rig()
    rig.grant = 8
    rig.onSleep = () => void rig.answer()
    expect(await rig.take(key)).toBeNull()
    expect(rig.asked).toEqual([{ subject: 'key:x', request: { want: 8, owed: 0, perDay: 100 } }])
    expect(rig.now).toBe(NOON + 5)
    // Nobody waits from here on, whether the ledger answers or not.
    for (let call = 0; call < 7; call += 1) expect(await rig.take(key)).toBeNull()
    expect(rig.asked.slice(1)).toEqual([{ subject: 'key:x', request: { want: 8, owed: 0, perDay: 100 } }])
    expect(rig.now).toBe(NOON + 5)
  })

  it('lets nobody pass whom it has no room for, though the isolate is new', async () => {
    const rig = new Rig()
    rig.onSleep = () => void rig.answer()
    const all = await Promise.all([rig.take(key), rig.take(key), rig.take(key)])
    expect(all.map((problem) => problem?.code)).toEqual(Array(3).fill('quota_exceeded'))
    expect(rig.asked).toHaveLength(1)
  })

  it('is waited for later by those alone who would be turned away without it', async () => {
    const rig = new Rig()
    rig.grant = 1
    rig.onSleep = () => void rig.answer()
    await rig.take(key)
    // A hundredth of the quota goes on credit: one request.
    expect(await rig.take(key)).toBeNull()
    expect(rig.now).toBe(NOON + 5)
    expect(await rig.take(key)).toBeNull()
    expect(rig.now).toBe(NOON + 10)
  })

  it('is waited for no longer than a tenth of a second, and once', async () => {
    const rig = new Rig()
    expect(await rig.take(key)).toBeNull()
    expect(rig.now).toBe(NOON + 100)
    expect(await rig.take(key)).toEqual({
      status: 429,
      code: 'quota_exceeded',
      message:
        "The key 'x' may make 100 requests a day, from midnight to midnight UTC. How many are left can't be told just now, and what may be made without knowing has been made. Send the request again in 10 seconds.",
      param: null,
      retryable: true,
      retryAfterS: 10,
      clientsMayRetry: true,
    })
    expect(rig.now).toBe(NOON + 100)
  })

  it('ends in a 429 that says when the day does', async () => {
    const rig = new Rig()
    rig.onSleep = () => void rig.answer()
    expect(await rig.take(key)).toEqual({
      status: 429,
      code: 'quota_exceeded',
      message:
        "The key 'x' may make 100 requests a day, from midnight to midnight UTC, and has made them. Send the request again in 43,200 seconds, or have the gateway's operator raise requestsPerDay.",
      param: null,
      retryable: true,
      retryAfterS: 43_200,
      clientsMayRetry: false,
    })
    expect(await rig.take(key)).not.toBeNull()
    expect(rig.asked).toHaveLength(1)
    expect(rig.now).toBe(NOON + 5)
  })

  it('goes on within a bound while the ledger is out, and is told afterwards what was spent', async () => {
    const rig = new Rig()
    const large = only('key', { requestsPerDay: 864_000 })
    rig.grant = null
    let admitted = 0
    for (let call = 0; call < 10_000; call += 1) {
      if ((await rig.take(large)) === null) admitted += 1
      await rig.answer()
      rig.now += 1
    }
    // A hundredth at once, and ten a second.
    expect(admitted).toBeGreaterThan(8_640)
    expect(admitted).toBeLessThanOrEqual(8_640 + (10 * (rig.now - NOON)) / 1_000)
    // Once a second, not with every request.
    expect(rig.asked.length).toBeLessThanOrEqual(2 + (rig.now - NOON) / 1_000)
    rig.now += 1_000
    await rig.take(large)
    expect(rig.asked.at(-1)?.request.owed).toBe(admitted)
  })

  it('is not spent where its tier has nothing left', async () => {
    const rig = new Rig()
    const tier = only('tier', { requestsPerDay: 1 })
    rig.onSleep = () => void rig.answer()
    await rig.take(tier)
    rig.grant = 8
    expect(await rig.take(key, tier)).toMatchObject({ code: 'quota_exceeded' })
    expect(await rig.take(key)).toBeNull()
  })
})
