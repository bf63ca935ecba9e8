import { MODES } from '@paceline/core'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { causeOf, effectiveMode, type Opinions } from './effective-mode.ts'
import { ModeKeeper, type ModeChange } from './mode-keeper.ts'
import { pinFor } from './pin-for.ts'

const mode = fc.constantFrom(...MODES)
const quiet: Opinions = { local: 'normal', global: 'normal', pin: null }

describe('effectiveMode', () => {
  it('is the more severe of load and directives', () => {
    fc.assert(
      fc.property(mode, mode, (local, global) => {
        const severity = MODES.indexOf(effectiveMode({ local, global, pin: null }))
        expect(severity).toBe(Math.max(MODES.indexOf(local), MODES.indexOf(global)))
      }),
    )
  })

  it('is what a person has pinned, more severe or less', () => {
    fc.assert(
      fc.property(mode, mode, mode, (local, global, pinned) => {
        const pin = pinFor(pinned, { ttlMs: 1_000, reason: 'drill' }, 0)
        expect(effectiveMode({ local, global, pin })).toBe(pinned)
      }),
    )
  })
})

describe('causeOf', () => {
  it.each([
    ['local', quiet, { ...quiet, local: 'degraded' }],
    ['global', quiet, { ...quiet, global: 'degraded' }],
    ['global', { ...quiet, global: 'emergency' }, quiet],
    ['local', { ...quiet, local: 'conserving' }, quiet],
    ['global', quiet, { ...quiet, local: 'conserving', global: 'degraded' }],
    ['local', quiet, { ...quiet, local: 'essential', global: 'conserving' }],
    ['pin', quiet, { ...quiet, pin: pinFor('degraded', { ttlMs: 1, reason: 'x' }, 0) }],
  ] as const)('names who changed it: %s', (cause, before, after) => {
    expect(causeOf(before, after)).toBe(cause)
  })
})

describe('a pin', () => {
  function keeper(): { readonly modes: ModeKeeper; readonly changes: ModeChange[] } {
    const changes: ModeChange[] = []
    const modes = new ModeKeeper({
      onModeChanged: (change) => changes.push(change),
      onOpinionChanged: () => undefined,
      onLatched: () => undefined,
    })
    return { modes, changes }
  }

  it('ends by itself, and what load and directives say holds again', () => {
    const { modes, changes } = keeper()
    modes.pin(pinFor('normal', { ttlMs: 5_000, reason: 'known false alarm' }, 0))
    modes.tick(0, 'emergency', 4_999)
    expect(modes.mode).toBe('normal')
    modes.tick(0, 'emergency', 5_000)
    expect(modes.mode).toBe('emergency')
    expect(changes).toEqual([{ from: 'normal', to: 'emergency', cause: 'pin' }])
  })

  it.each([Number.NaN, 0, -1, 86_400_001, Number.POSITIVE_INFINITY])('lasts no %s ms', (ttlMs) => {
    expect(() => pinFor('normal', { ttlMs, reason: 'x' }, 0)).toThrow('ttlMs')
  })

  it('says why', () => {
    expect(() => pinFor('normal', { ttlMs: 1, reason: ' ' }, 0)).toThrow('reason')
  })
})
