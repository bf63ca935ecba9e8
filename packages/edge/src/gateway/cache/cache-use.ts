import { tenantName } from '@paceline/core'
import * as v from 'valibot'
import { invalid, type Problem } from '../problem.ts'
import type { AppKey, Route } from '../setup.ts'

/** What one call needs to make use of stored answers. */
export interface CacheUse {
  readonly policy: CachePolicy
  /** The app whose key was sent, by its name in the configuration. */
  readonly app: string
  /** Whose answers these are. Nobody else is ever given them. */
  readonly tenant: string
  /** Where the answers of all isolates are kept; null where nobody set it up. */
  readonly namespace: KVNamespace | null
  readonly waitUntil: (work: Promise<unknown>) => void
}

export type CachePolicy = NonNullable<Route['cache']>

/** What the platform lends to the cache. */
export interface CacheHost {
  readonly answers: KVNamespace | null
  readonly waitUntil: (work: Promise<unknown>) => void
}

/** Names the tenant whose answer is asked for. App keys are secret, so whoever holds one is trusted to name it. */
const TENANT_HEADER = 'paceline-tenant'

/** Far beyond any chat; a body of images costs more to compare than it is likely to save. */
const LARGEST_BODY_BYTES = 1_048_576

/**
 * Whether a call may use stored answers, and whose: only on routes that say so, and only where a tenant is named, by
 * its key's configuration or else by a header. Null where it may not.
 */
export function cacheUse(
  route: Route,
  key: AppKey,
  headers: Headers,
  bodyBytes: number,
  { answers, waitUntil }: CacheHost,
): CacheUse | Problem | null {
  const { cache: policy } = route
  if (policy === undefined) return null
  const named = headers.get(TENANT_HEADER)
  if (named !== null && !v.is(tenantName, named)) return invalid(NO_TENANT)
  if (key.tenant !== null && named !== null && named !== key.tenant) return invalid(OTHER_TENANT)
  const tenant = key.tenant ?? named
  if (tenant === null || bodyBytes > LARGEST_BODY_BYTES) return null
  return { policy, app: key.name, tenant, namespace: answers, waitUntil }
}

const NO_TENANT = `'${TENANT_HEADER}' must be the name of a tenant: 1 to 128 visible ASCII characters.`
const OTHER_TENANT = `'${TENANT_HEADER}' names another tenant than the one that this key speaks for. Leave the header out, or send that tenant's key.`
