import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../support/ask.ts'
import { startStack, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())
afterEach(() => {
  stack.heal()
  stack.openai.configure({ delays: { firstTokenMs: 0, tokenMs: 0 } })
})

const send = (route: string, signal: AbortSignal, stream = true): Promise<Response> =>
  fetch(`${stack.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${stack.key}` },
    body: JSON.stringify({ model: route, stream, messages: [{ role: 'user', content: 'hello' }] }),
    signal,
  })

/** Who answers while reports travel (every 250 ms) and their answers come back. */
async function leadersFor(asked: Stack, route: string): Promise<Set<string | null>> {
  const leaders = new Set<string | null>()
  for (const lastAt = Date.now() + 700; Date.now() < lastAt;) {
    const seen = await ask(asked, 'openai', route, { stream: true })
    leaders.add(seen.headers.get('paceline-provider'))
  }
  return leaders
}

it('ends the provider’s side before its next token when the caller leaves a running answer', async () => {
  const route = stack.freshRoute('o')
  stack.openai.configure({ delays: { tokenMs: 100 } })
  const caller = new AbortController()
  const response = await send(route, caller.signal)
  const reader = response.body?.getReader()
  await reader?.read()
  const gone = stack.openai.waitForAttempt((attempt) => attempt.clientLeftAtMs !== null)
  caller.abort()
  const attempt = await gone
  expect(attempt.ending).toBe('client-left')
  expect(attempt.tokensSent).toBeLessThanOrEqual(2)
})

it('counts a caller’s leaving against nobody', async () => {
  const route = stack.freshRoute('oa')
  stack.openai.configure({ delays: { tokenMs: 50 } })
  for (let call = 0; call < 7; call += 1) {
    const caller = new AbortController()
    const response = await send(route, caller.signal)
    await response.body?.getReader().read()
    caller.abort()
  }
  stack.heal()
  expect(await leadersFor(stack, route)).toEqual(new Set(['openai']))
})

it('bounds what a caller wastes who leaves before the headers', async () => {
  const route = stack.freshRoute('o')
  stack.openai.setFault({ kind: 'silence' })
  const caller = new AbortController()
  const arrived = stack.openai.nextAttempt((attempt) => attempt.clientLeftAtMs !== null)
  const sent = send(route, caller.signal).catch(() => null)
  await stack.openai.waitForAttempt((attempt) => attempt.ending === 'stalled')
  caller.abort()
  await sent
  const attempt = await arrived
  // workerd on a developer's machine does not tell of such a caller; the timer for headers (400 ms) ends the attempt.
  expect((attempt.clientLeftAtMs ?? 0) - attempt.receivedAtMs).toBeLessThan(1_000)
})

describe('callers that leave before the first token', () => {
  let early: Stack
  beforeAll(async () => {
    early = await startStack({ worker: 'worker-with-leavers.ts' })
  })
  afterAll(() => early.close())

  it('count against nobody, however many they are', async () => {
    const route = early.freshRoute('oa')
    early.openai.setFault({ kind: 'slow-first-token', ms: 200 })
    for (let call = 0; call < 8; call += 1) {
      const left = early.openai.nextAttempt((attempt) => attempt.clientLeftAtMs !== null)
      await fetch(`${early.url}/v1/chat/completions?leaves`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${early.key}` },
        body: JSON.stringify({ model: route, stream: true, messages: [{ role: 'user', content: 'hello' }] }),
      }).then(
        (response) => response.text(),
        () => null,
      )
      await left
    }
    early.openai.setFault(null)
    expect(await leadersFor(early, route)).toEqual(new Set(['openai']))
  })
})
