import type { Exchange, Headers } from './exchange.ts'

/** What went wrong, in the shape of RFC 9457. `errors` point into the request body (JSON pointers). */
export interface Problem {
  readonly status: number
  readonly title: string
  /** What is wrong, and what to do about it. */
  readonly detail: string
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
}

export async function sendProblem(
  exchange: Exchange,
  problem: Problem,
  headers: Headers = {},
): Promise<void> {
  const body = Buffer.from(JSON.stringify({ type: 'about:blank', ...problem }))
  await exchange.sendHead(
    problem.status,
    { ...headers, 'content-type': 'application/problem+json' },
    { contentLength: body.length },
  )
  await exchange.sendBody(body)
  await exchange.end()
}
