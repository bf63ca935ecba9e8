import { MODES, VARIANTS } from '@paceline/core'
import * as fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { RequestHandle, type FeatureDesk } from '../request-handle.ts'
import type { VariantFailure } from './run-feature.ts'
import { variantFor } from './variant.ts'

const search = { reducedAt: 'conserving', offAt: 'degraded' } as const

describe('variantFor', () => {
  it.each([
    ['normal', 'full'],
    ['conserving', 'reduced'],
    ['degraded', 'off'],
    ['emergency', 'off'],
  ] as const)('in mode %s is %s', (mode, variant) => {
    expect(variantFor(search, mode)).toBe(variant)
  })

  it('takes the more careful of rule and directive', () => {
    expect(variantFor(search, 'normal', 'off')).toBe('off')
    expect(variantFor(search, 'degraded', 'full')).toBe('off')
  })

  it('never gives more in a more severe mode', () => {
    const mode = fc.constantFrom(...MODES)
    const rule = fc.record({
      reducedAt: fc.option(mode, { nil: undefined }),
      offAt: fc.option(mode, { nil: undefined }),
    })
    fc.assert(
      fc.property(rule, (rule) => {
        const given = MODES.map((mode) => VARIANTS.indexOf(variantFor(rule, mode)))
        expect(given).toEqual([...given].sort((a, b) => a - b))
      }),
    )
  })
})

function handleIn(variant: (typeof VARIANTS)[number], isOver = false) {
  const failures: VariantFailure['variant'][] = []
  const desk: FeatureDesk = {
    mode: 'normal',
    variantOf: () => variant,
    onFailure: (_feature, failure) => failures.push(failure.variant),
    now: () => 0,
  }
  const permit = { isOver, firstByte: () => undefined, release: () => undefined }
  return { handle: new RequestHandle('interactive', desk, permit), failures }
}

const fails = (): never => {
  throw new Error('broken')
}

describe('a feature', () => {
  it('runs the variant that the server can afford', async () => {
    const variants = { full: () => 3, reduced: () => 'some', off: () => null }
    const results = VARIANTS.map((variant) => handleIn(variant).handle.feature('search', variants))
    expect(await Promise.all(results)).toEqual([3, 'some', null])
    expectTypeOf(results).toEqualTypeOf<Promise<number | string | null>[]>()
  })

  it('says by its type what is given when it is off', async () => {
    const given = handleIn('off').handle.feature('search', { full: () => 3 })
    expectTypeOf(given).toEqualTypeOf<Promise<number | undefined>>()
    expect(await given).toBeUndefined()
  })

  it('is off where it should be reduced and can’t be', async () => {
    expect(await handleIn('reduced').handle.feature('search', { full: () => 3, off: () => 0 })).toBe(0)
  })

  it('falls down the variants as they throw, and reports each', async () => {
    const { handle, failures } = handleIn('full')
    const rejects = (): Promise<string> => Promise.reject(new Error('broken'))
    expect(await handle.feature('search', { full: fails, reduced: rejects, off: () => 'none' })).toBe('none')
    expect(failures).toEqual(['full', 'reduced'])
  })

  it('throws what the last one threw, rather than give nothing for something', async () => {
    const { handle, failures } = handleIn('full')
    await expect(handle.feature('search', { full: fails })).rejects.toThrow('broken')
    expect(failures).toEqual(['full'])
  })

  it('begins no further variant for a client who has left, and reports nothing', async () => {
    const { handle, failures } = handleIn('full', true)
    await expect(handle.feature('search', { full: fails, off: () => 0 })).rejects.toThrow('broken')
    expect(failures).toEqual([])
  })
})
