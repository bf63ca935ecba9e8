import { REGIONS, type Region } from '@paceline/core'
import * as v from 'valibot'

/** Where nobody named regions, and for whoever is in none of those that were named. */
export const DEFAULT_REGION = 'default'

const text = v.fallback(v.optional(v.string()), undefined)
/** What Cloudflare knows of where a request came in: the airport code of its data centre, and the caller's country. */
const whereabouts = v.fallback(v.object({ colo: text, country: text, continent: text }), {})

/** Data centres of North America's west; the others count as east. */
const WESTERN = new Set(
  'ABQ ANC BOI DEN GEG HNL LAS LAX OGG PDX PHX RNO SAN SEA SFO SJC SLC SMF TIJ TUS YEG YVR YXE YYC'.split(
    ' ',
  ),
)
const MIDDLE_EAST = new Set('AE BH EG IL IQ IR JO KW LB OM PS QA SA SY YE'.split(' '))
const EASTERN_EUROPE = new Set(
  'AL AM AZ BA BG BY CY CZ EE FI GE GR HR HU LT LV MD ME MK PL RO RS RU SI SK TR UA XK'.split(' '),
)

const BY_CONTINENT = new Map<string, Region>([
  ['AF', 'afr'],
  ['AS', 'apac'],
  ['EU', 'weur'],
  ['NA', 'enam'],
  ['OC', 'oc'],
  ['SA', 'sam'],
])

/**
 * The region whose health a request belongs to.
 *
 * @param cf what the platform tells of it; nothing outside Cloudflare's network
 * @param named the regions of the configuration; wherever is none of them is the default
 */
export function regionOf(cf: unknown, named: readonly Region[]): string {
  const { colo = '', country = '', continent = '' } = v.parse(whereabouts, cf)
  const region = WESTERN.has(colo)
    ? 'wnam'
    : MIDDLE_EAST.has(country)
      ? 'me'
      : EASTERN_EUROPE.has(country)
        ? 'eeur'
        : BY_CONTINENT.get(continent)
  return region !== undefined && named.includes(region) ? region : DEFAULT_REGION
}

/**
 * The region of an isolate: that of its first request. It lives in one data centre, while its callers are wherever they
 * are, and what it has heard is one region's word: versions of two can't be compared.
 */
export function rememberRegion(named: readonly Region[]): (cf: unknown) => string {
  let region: string | null = null
  return (cf) => (region ??= regionOf(cf, named))
}

/** The object that keeps a region's health, placed there when it is first asked for. */
export function healthOf<T extends Rpc.DurableObjectBranded>(
  objects: DurableObjectNamespace<T>,
  region: string,
): DurableObjectStub<T> {
  const locationHint = REGIONS.find((known) => known === region)
  return objects.get(objects.idFromName(region), locationHint === undefined ? {} : { locationHint })
}

/** The regions whose health has told the coordinator something, by the names of those that it has heard of. */
export const regionsHeard = (writers: readonly string[]): string[] => {
  const heard = REGIONS.filter((region) => writers.includes(`health:${region}`))
  return [DEFAULT_REGION, ...heard]
}
