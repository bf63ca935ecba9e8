import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newLease, requestLease, spendOne, takeGrant, type LeasedQuota } from './leased-quota.ts'
import { DAY_MS, emptyLedger, grantQuota, untilNextDayMs, type QuotaLedger } from './quota.ts'

const MIDNIGHT = 20_000 * DAY_MS
const NOON = MIDNIGHT + DAY_MS / 2

/** One ledger and the isolates that lease from it. */
class Quota {
  readonly #perDay: number
  readonly #isolates: LeasedQuota[]
  #ledger: QuotaLedger = emptyLedger

  constructor(perDay: number, isolates: number, now: number) {
    this.#perDay = perDay
    this.#isolates = Array.from({ length: isolates }, () => newLease(perDay, now))
  }

  /** One request at an isolate, which asks for more where it should. */
  request(index: number, now: number, ledger: 'answers' | 'is out' | 'answers into the void'): number {
    const held = this.#isolates[index]
    if (held === undefined) throw new Error('no such isolate')
    const { quota, waitMs } = spendOne(held, this.#perDay, now)
    this.#isolates[index] = quota
    const asked = requestLease(quota, this.#perDay, now)
    if (asked === null) return waitMs
    this.#isolates[index] = asked.quota
    if (ledger === 'is out') return waitMs
    const granted = grantQuota(this.#ledger, asked.request, now)
    this.#ledger = granted.ledger
    if (ledger === 'answers')
      this.#isolates[index] = takeGrant(asked.quota, granted.grant, asked.request, now)
    return waitMs
  }
}

describe('a quota', () => {
  it.each([1, 3, 7, 100, 5_000])(
    'of %i is spent by one isolate to the last request, and no further',
    (perDay) => {
      const quota = new Quota(perDay, 1, NOON)
      let spent = 0
      for (let call = 0; call < perDay + 50; call += 1)
        if (quota.request(0, NOON + call * 10, 'answers') === 0) spent += 1
      expect(spent).toBe(perDay)
    },
  )

  it('tells those who come too late when the next day begins, and begins it anew', () => {
    const quota = new Quota(2, 1, NOON)
    quota.request(0, NOON, 'answers')
    quota.request(0, NOON + 1, 'answers')
    expect(quota.request(0, NOON + 1_000, 'answers')).toBe(DAY_MS / 2 - 1_000)
    expect(quota.request(0, MIDNIGHT + DAY_MS, 'answers')).toBe(0)
  })

  it('leaves little idle where many isolates share it', () => {
    const quota = new Quota(10_000, 20, NOON)
    let spent = 0
    for (let call = 0; call < 20_000; call += 1)
      if (quota.request(call % 20, NOON + call * 5, 'answers') === 0) spent += 1
    expect(spent).toBeGreaterThan(9_900)
    expect(spent).toBeLessThanOrEqual(10_000 + 20 * 100)
  })

  it('goes on at its own average rate while the ledger is out, and pays for it afterwards', () => {
    const quota = new Quota(8_640, 1, NOON)
    let spent = 0
    for (let second = 0; second < 3_600; second += 1)
      for (let call = 0; call < 2; call += 1)
        if (quota.request(0, NOON + second * 1_000, 'is out') === 0) spent += 1
    // A tenth of a request a second, and 86 at once.
    expect(spent).toBeGreaterThanOrEqual(86 + 359)
    expect(spent).toBeLessThanOrEqual(86 + 360)
    expect(quota.request(0, NOON + 3_600_000, 'is out')).toBeLessThanOrEqual(10_000)
    for (let call = 0; call < 20_000; call += 1)
      if (quota.request(0, NOON + 3_700_000 + call, 'answers') === 0) spent += 1
    expect(spent).toBeGreaterThanOrEqual(8_640)
    expect(spent).toBeLessThanOrEqual(8_640 + 1)
  })

  it('never spends more than itself and what each isolate may spend on credit, whatever gets lost', () => {
    const step = fc.record({
      isolate: fc.nat(3),
      afterMs: fc.oneof(fc.nat(100), fc.nat(30_000)),
      ledger: fc.constantFrom('answers', 'is out', 'answers into the void'),
    })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.array(step, { maxLength: 600 }), (perDay, steps) => {
        const quota = new Quota(perDay, 4, MIDNIGHT)
        let now = MIDNIGHT
        let spent = 0
        for (const { isolate, afterMs, ledger } of steps) {
          now += afterMs
          if (quota.request(isolate, now, ledger) === 0) spent += 1
        }
        const credit = Math.max(1, Math.floor(perDay / 100)) + (perDay * (now - MIDNIGHT)) / DAY_MS
        expect(spent).toBeLessThanOrEqual(perDay + 4 * credit + 1e-6)
      }),
    )
  })

  it('is not asked for again while an answer is on its way', () => {
    const first = requestLease(newLease(100, NOON), 100, NOON)
    expect(first?.request).toEqual({ want: 8, owed: 0, perDay: 100 })
    if (first === null) return
    expect(requestLease(first.quota, 100, NOON + 999)).toBeNull()
    expect(requestLease(first.quota, 100, NOON + 1_000)).not.toBeNull()
  })

  it('leases more at a time to an isolate that has more to do', () => {
    let quota = newLease(1_000_000, NOON)
    const wants: number[] = []
    for (let lease = 0; lease < 10; lease += 1) {
      const asked = requestLease({ ...quota, left: 0 }, 1_000_000, NOON + lease)
      if (asked === null) throw new Error('it did not ask')
      wants.push(asked.request.want)
      quota = takeGrant(
        asked.quota,
        { day: quota.day, granted: asked.request.want },
        asked.request,
        NOON + lease,
      )
    }
    expect(wants).toEqual([8, 8, 16, 32, 64, 128, 256, 512, 1_000, 1_000])
  })

  it('takes an answer that crossed midnight for none', () => {
    const held = newLease(100, MIDNIGHT)
    const stale = { day: held.day - 1, granted: 5 }
    expect(takeGrant(held, stale, { want: 8, owed: 2, perDay: 100 }, MIDNIGHT)).toEqual(held)
    expect(untilNextDayMs(MIDNIGHT)).toBe(DAY_MS)
  })
})
