import { tenantName } from '@paceline/core'
import * as v from 'valibot'
import { authenticate } from '../gateway/parse/authenticate.ts'
import { readBody } from '../gateway/parse/read-body.ts'
import { invalid, isProblem, type Problem } from '../gateway/problem.ts'
import type { Secret } from '../gateway/setup.ts'
import { log } from '../log.ts'
import { problemDetails } from '../problem-details.ts'
import { forOperators } from './for-operators.ts'

/** Where answers are kept. */
export interface Purgeable {
  /** How far a purge reaches: without KV, isolates can't hear of one another's. */
  readonly reach: 'everywhere' | 'this-isolate'
  /** @returns the instant that the answers have to be younger than; throws when it could not be told to others */
  readonly purge: (tenant: string) => Promise<number>
}

const requestSchema = v.strictObject({ tenant: tenantName })
const LIMITS = { bodyBytes: 4_096, bodyMs: 5_000 }

/** Takes away all stored answers of one tenant: `POST /ops/api/cache/purge` with `{ "tenant": "…" }`. */
export async function servePurge(
  request: Request,
  operators: readonly Secret[],
  answers: Purgeable,
): Promise<Response> {
  const operator = authenticate(request.headers, operators)
  if (isProblem(operator)) return problemDetails(forOperators(operator))
  const body = await readBody(request, LIMITS)
  if (!body.ok) return problemDetails(body.problem)
  const parsed = v.safeParse(requestSchema, body.value)
  if (!parsed.success) return problemDetails(invalid(NO_TENANT, 'tenant'))
  try {
    const purgedAt = await answers.purge(parsed.output.tenant)
    // Without the tenant's name, which may be a person's.
    log('cache.purged', { reach: answers.reach })
    return Response.json(
      { purgedAt: new Date(purgedAt).toISOString(), reach: answers.reach },
      { headers: { 'cache-control': 'no-store' } },
    )
  } catch {
    return problemDetails(NOT_TOLD)
  }
}

const NO_TENANT =
  'The body must be {"tenant": "…"} and nothing else: the name of a tenant, 1 to 128 visible ASCII characters.'

const NOT_TOLD: Problem = {
  status: 503,
  code: 'storage_unavailable',
  message:
    'The purge could not be written to KV: one isolate follows it, the others may not. Ask again in a moment.',
  param: null,
  retryable: true,
  retryAfterS: 2,
}
