import { equalInConstantTime } from '../gateway/parse/authenticate.ts'
import type { Problem } from '../gateway/problem.ts'
import type { SenderKey } from './ingest-setup.ts'
import { mayComeFrom } from './origins.ts'

/** Whose key this is; and, where it is a browser's, whether its page may use it. */
export function identify(
  sent: string | null,
  origin: string | null,
  keys: readonly SenderKey[],
): SenderKey | Problem {
  if (keys.length === 0) return NOT_CONFIGURED
  if (sent === null) return MISSING
  const bytes = new TextEncoder().encode(sent)
  // Every key is compared, so that the time taken tells nothing about which one came close.
  let found: SenderKey | null = null
  for (const key of keys) if (equalInConstantTime(bytes, key.secret)) found = key
  if (found === null) return UNKNOWN
  return found.sender === 'server' || mayComeFrom(origin ?? '', found.origins) ? found : foreign(origin)
}

const common = { param: null, retryable: false } as const

const NOT_CONFIGURED: Problem = {
  ...common,
  status: 500,
  code: 'not_configured',
  message:
    'No key is set on this edge. Its operator must set the variables that `keys` and `browserKeys` name in paceline.config.ts.',
}
const MISSING: Problem = {
  ...common,
  status: 401,
  code: 'missing_key',
  message:
    "No key was sent. Send it as 'Authorization: Bearer KEY', or from a page as `key` in the body of a text/plain beacon.",
}
const UNKNOWN: Problem = {
  ...common,
  status: 401,
  code: 'unknown_key',
  message: 'The key that was sent is not known here. Check that it is a key of this edge.',
}

function foreign(origin: string | null): Problem {
  const named = origin !== null && URL.canParse(origin) ? new URL(origin).origin : 'null'
  // What does not parse is not said again.
  const mend =
    named === 'null'
      ? 'The request names no origin of a page. Servers send events with a secret key.'
      : `If its pages are yours, the operator of this edge must add '${named}' to the \`origins\` of this key in paceline.config.ts.`
  return {
    ...common,
    status: 403,
    code: 'origin_forbidden',
    message: `This publishable key may not be used from here. ${mend}`,
  }
}
