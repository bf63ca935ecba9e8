import { describe, expect, it } from 'vitest'
import { OptionsError, readOptions, type PacelineOptions } from './options.ts'

const complaintOf = (options: object): string => {
  try {
    readOptions(options as PacelineOptions)
  } catch (error) {
    if (error instanceof OptionsError) return error.message
    throw error
  }
  throw new Error('nothing was wrong')
}

describe('readOptions', () => {
  it('needs to know only what is essential', () => {
    const settings = readOptions({ essential: [] })
    expect(settings).toMatchObject({ edge: null, limits: { initial: 100, min: 20, max: 2_000 } })
    expect(settings.name).toMatch(/^[\w.:-]{1,64}$/)
  })

  it.each([
    [{}, 'essential is missing', 'Add'],
    [{ essential: ['login'] }, 'essential[0] is "login"', 'such as "/login"'],
    [{ essential: ['/a*'] }, 'essential[0] is "/a*"', 'follows a /'],
    [{ essential: [], routes: { '/a': 'urgent' } }, 'routes./a is "urgent"', 'one of critical'],
    [{ essential: [], features: { x: { offAt: 'dire' } } }, 'features.x.offAt is "dire"', 'one of normal'],
    [{ essential: [], edge: 'https://edge.test' }, 'key is missing', 'since `edge` is'],
    [{ essential: [], key: 'k' }, 'edge is missing', 'since `key` is'],
    [{ essential: [], edge: 'http://edge.test', key: 'k' }, 'edge is "http://edge.test"', 'https'],
    [{ essential: [], limits: { min: 50, max: 10 } }, 'limits', 'min ≤ initial ≤ max'],
    [{ essential: [], limit: 5 }, 'limit is not an option', 'spelling'],
    [{ essential: [], publicKeys: [] }, 'publicKeys is []', 'at least one key'],
  ])('refuses %j and says what to do', (options, problem, mend) => {
    const complaint = complaintOf(options)
    expect(complaint).toContain(problem)
    expect(complaint).toContain(mend)
  })

  it('keeps a secret out of its complaint', () => {
    expect(complaintOf({ essential: [], edge: 'https://e.test', key: 'sk-1', other: 1 })).not.toContain(
      'sk-1',
    )
  })

  it('moves the beginning into the bounds that are given', () => {
    expect(readOptions({ essential: [], limits: { max: 8 } }).limits).toEqual({ initial: 8, min: 8, max: 8 })
    expect(readOptions({ essential: [], limits: { min: 500 } }).limits).toEqual({
      initial: 500,
      min: 500,
      max: 2_000,
    })
  })
})
