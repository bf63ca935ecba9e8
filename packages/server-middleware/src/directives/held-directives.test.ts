import { isNewer, NO_DIRECTIVES, type ServerDirectives } from '@paceline/core'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ageOfCopy } from './disk-copy.ts'
import { consider, etagOf, heardAgain, inForceAt, nothingHeld } from './held-directives.ts'

const documentOf = (
  epoch: number,
  version: number,
  more: Partial<ServerDirectives> = {},
): ServerDirectives => ({
  ...NO_DIRECTIVES,
  epoch,
  version,
  maxAgeMs: 1_000,
  ...more,
})

describe('consider', () => {
  it('never goes back, whatever comes in whatever order', () => {
    const versions = fc.array(fc.tuple(fc.nat(3), fc.nat(5)))
    fc.assert(
      fc.property(versions, (versions) => {
        let held = nothingHeld
        for (const [now, [epoch, version]] of versions.entries()) {
          const before = held.directives
          const considered = consider(held, documentOf(epoch, version), now, 0)
          if (considered.kind !== 'older') held = considered.held
          expect(isNewer(before, held.directives)).toBe(false)
          expect(considered.kind === 'older').toBe(isNewer(before, { epoch, version }))
        }
      }),
    )
  })

  it('counts leases from the first receipt, however often the same version comes', () => {
    const leased = documentOf(1, 1, {
      leases: [{ id: 'l', incident: 'i', priority: 1, sets: { mode: 'degraded' }, ttlMs: 500 }],
    })
    let held = nothingHeld
    for (const now of [0, 200, 400, 600]) {
      const considered = consider(held, leased, now, 0)
      if (considered.kind !== 'older') held = considered.held
    }
    expect(inForceAt(held, 499).mode).toBe('degraded')
    expect(inForceAt(held, 600)).toMatchObject({ mode: 'normal', stale: false })
  })
})

describe('held directives', () => {
  it('are stale when the edge has been silent for longer than they are good for', () => {
    const taken = consider(nothingHeld, documentOf(1, 1), 0, 0)
    const held = taken.kind === 'older' ? nothingHeld : taken.held
    expect(inForceAt(held, 1_000).stale).toBe(false)
    expect(inForceAt(held, 1_001).stale).toBe(true)
    expect(inForceAt(heardAgain(held, 900), 1_900).stale).toBe(false)
  })

  it('say nothing before the first', () => {
    expect(inForceAt(nothingHeld, 1e9)).toMatchObject({ mode: 'normal', stale: false })
    expect(heardAgain(nothingHeld, 5)).toBe(nothingHeld)
    expect(etagOf(nothingHeld)).toBe('"0.0"')
  })
})

describe('the age of a copy on disk', () => {
  it('is not known where the copy comes from the future', () => {
    const copyAt = (receivedAt: number) => ({ receivedAt, jws: '', keys: null })
    expect(ageOfCopy(copyAt(1_000), 5_000)).toBe(4_000)
    expect(ageOfCopy(copyAt(5_500), 5_000)).toBe(0)
    expect(ageOfCopy(copyAt(500_000), 5_000)).toBe(Number.POSITIVE_INFINITY)
  })
})

it('refuses a document that was issued longer ago than it is good for, also where nothing is held', () => {
  const kept = documentOf(9, 9)
  const tooLate = kept.issuedAt + kept.maxAgeMs + 300_001
  expect(consider(nothingHeld, kept, 0, tooLate)).toEqual({ kind: 'older', epoch: 9, version: 9 })
  expect(consider(nothingHeld, kept, 0, tooLate - 1).kind).toBe('taken')
})
