import type { Problem } from '../problem.ts'
import type { Secret } from '../setup.ts'

/**
 * Who is calling: the key that the caller sent, as a bearer token (OpenAI's way) or as `x-api-key`
 * (Anthropic's).
 */
export function authenticate<Key extends Secret>(headers: Headers, keys: readonly Key[]): Key | Problem {
  const sent = headers.get('x-api-key') || bearerToken(headers.get('authorization'))
  if (keys.length === 0) {
    return problem(
      500,
      'not_configured',
      'No app key is set on this gateway. Its operator must set the secrets that `keys` names in paceline.config.ts.',
    )
  }
  if (sent === null) {
    return problem(
      401,
      'missing_key',
      "No key was sent. Send your app key as 'Authorization: Bearer KEY' or 'x-api-key: KEY'.",
    )
  }
  const bytes = new TextEncoder().encode(sent)
  // Every key is compared, so that the time taken tells nothing about which one came close.
  let found: Key | null = null
  for (const key of keys) if (equalInConstantTime(bytes, key.secret)) found = key
  return (
    found ??
    problem(
      401,
      'unknown_key',
      'The key that was sent is not known here. Check that it is the app key of this gateway, not that of a provider.',
    )
  )
}

/** The token of an Authorization header. */
export function bearerToken(header: string | null): string | null {
  const [, token] = /^bearer +(.+)$/i.exec(header ?? '') ?? []
  return token ?? null
}

/** Takes as long for a near miss as for any other. */
export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length
  for (let index = 0; index < b.length; index += 1) difference |= (a[index] ?? 0) ^ (b[index] ?? 0)
  return difference === 0
}

const problem = (status: number, code: Problem['code'], message: string): Problem => ({
  status,
  code,
  message,
  param: null,
  retryable: false,
})
