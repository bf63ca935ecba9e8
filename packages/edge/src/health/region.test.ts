import { REGIONS } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import { regionOf, regionsHeard, rememberRegion } from './region.ts'

describe('the region of a request', () => {
  it.each([
    [{ colo: 'SJC', country: 'US', continent: 'NA' }, 'wnam'],
    [{ colo: 'YVR', country: 'CA', continent: 'NA' }, 'wnam'],
    [{ colo: 'EWR', country: 'US', continent: 'NA' }, 'enam'],
    [{ colo: 'GRU', country: 'BR', continent: 'SA' }, 'sam'],
    [{ colo: 'FRA', country: 'DE', continent: 'EU' }, 'weur'],
    [{ colo: 'WAW', country: 'PL', continent: 'EU' }, 'eeur'],
    [{ colo: 'IST', country: 'TR', continent: 'AS' }, 'eeur'],
    [{ colo: 'DXB', country: 'AE', continent: 'AS' }, 'me'],
    [{ colo: 'CAI', country: 'EG', continent: 'AF' }, 'me'],
    [{ colo: 'NRT', country: 'JP', continent: 'AS' }, 'apac'],
    [{ colo: 'SYD', country: 'AU', continent: 'OC' }, 'oc'],
    [{ colo: 'JNB', country: 'ZA', continent: 'AF' }, 'afr'],
    [{ continent: 'EU' }, 'weur'],
    // Tor exits, and the Antarctic.
    [{ colo: 'AMS', country: 'T1', continent: 'EU' }, 'weur'],
    [{ colo: 'CHC', country: 'AQ', continent: 'AN' }, 'default'],
  ])('of %j is %s', (cf, region) => {
    expect(regionOf(cf, REGIONS)).toBe(region)
  })

  it.each([
    undefined,
    null,
    {},
    'FRA',
    { colo: 7, country: null, continent: ['EU'] },
    { continent: 'constructor' },
  ])('of %j is the default: nothing is known of it', (cf) => {
    expect(regionOf(cf, REGIONS)).toBe('default')
  })

  it('is the default unless the configuration names it', () => {
    const cf = { colo: 'FRA', country: 'DE', continent: 'EU' }
    expect(regionOf(cf, [])).toBe('default')
    expect(regionOf(cf, ['enam', 'apac'])).toBe('default')
    expect(regionOf(cf, ['enam', 'weur'])).toBe('weur')
  })

  it('is one for all the life of an isolate, whoever calls it', () => {
    const region = rememberRegion(REGIONS)
    expect(region({ continent: 'EU' })).toBe('weur')
    expect(region({ continent: 'AS' })).toBe('weur')
    expect(region(undefined)).toBe('weur')
  })
})

describe('the regions that the coordinator tells', () => {
  it('are the default and those that it has heard of, and nobody else who writes to it', () => {
    expect(regionsHeard(['ingest:2', 'health:weur', 'health:moon', 'health:default', 'health:apac'])).toEqual(
      ['default', 'weur', 'apac'],
    )
    expect(regionsHeard([])).toEqual(['default'])
  })
})
