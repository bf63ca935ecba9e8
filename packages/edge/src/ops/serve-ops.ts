import { authenticate } from '../gateway/parse/authenticate.ts'
import { forOperators } from './for-operators.ts'
import { invalid, isProblem, type Problem } from '../gateway/problem.ts'
import type { Secret } from '../gateway/setup.ts'
import type { JournalLine } from '../coordinator/journal.ts'
import type { ResponseView } from '../coordinator/coordinator.ts'
import { problemDetails } from '../problem-details.ts'

/** What the coordinator shows to operators. */
export interface OpsSource {
  view(): Promise<ResponseView>
  records(incident: string | null, after: number | null, limit: number): Promise<JournalLine[]>
}

const PAGE = 1_000

/** The operators' API: open incidents and directives, what was done in one incident, and the audit of everything. */
export async function serveOps(
  request: Request,
  operators: readonly Secret[],
  source: OpsSource,
): Promise<Response> {
  const operator = authenticate(request.headers, operators)
  if (isProblem(operator)) return problemDetails(forOperators(operator))
  const { pathname, searchParams } = new URL(request.url)
  const [, incident] = /^\/ops\/api\/incidents\/([\w.-]{1,128})$/.exec(pathname) ?? []
  const from = searchParams.get('after')
  const after = from === null ? null : Number(from)
  if (after !== null && (!Number.isSafeInteger(after) || after < 0))
    return problemDetails(invalid("'after' must be the sequence of a line: a whole number.", 'after'))
  try {
    if (pathname === '/ops/api/state') return respond(await source.view())
    if (pathname === '/ops/api/audit') return respond({ lines: await source.records(null, after, PAGE) })
    if (incident !== undefined) {
      const lines = await source.records(incident, after, PAGE)
      if (lines.length > 0 || (after ?? 0) > 0) return respond({ lines })
    }
  } catch {
    return problemDetails(OUT)
  }
  return problemDetails(NOT_FOUND)
}

const respond = (body: unknown): Response => Response.json(body, { headers: { 'cache-control': 'no-store' } })

const NOT_FOUND: Problem = {
  status: 404,
  code: 'not_found',
  message:
    'Served here: GET /ops/api/state, /ops/api/incidents/ID and /ops/api/audit?after=SEQUENCE, and POST /ops/api/cache/purge.',
  param: null,
  retryable: false,
}

const OUT: Problem = {
  status: 503,
  code: 'coordinator_out',
  message: 'The coordinator does not answer. The gateway goes on without it; ask again in a moment.',
  param: null,
  retryable: true,
  retryAfterS: 5,
}
