import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../support/ask.ts'
import { PLACES } from '../support/places.ts'
import { callRaw } from '../support/raw-caller.ts'
import { startStack, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
  // Cold, it would be slower than the callers who leave.
  await ask(stack, 'openai', stack.freshRoute('o'), { stream: true })
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

/** Where a caller may stand when it leaves; the provider says nothing more, so that only the leaving ends it. */
const PHASES = [
  { phase: 'while it waits for the second word', words: 1 },
  { phase: 'in the middle', words: 7 },
  { phase: 'after the last word', words: 99 },
] as const
const LEAVERS = 5

/** How long a silent provider is held after its caller left, in ms: what the one in the middle of five sees. */
async function heldMs(
  { client, order, faulty }: (typeof PLACES)[number],
  words: number,
  how: 'reset' | 'fin',
): Promise<{ route: string; ms: number }> {
  const route = stack.freshRoute(order)
  stack.spoil(faulty, route, { kind: 'stall', afterTokens: words })
  const times: number[] = []
  for (let leaver = 0; leaver < LEAVERS; leaver += 1) {
    const stalled = stack[faulty].nextAttempt((attempt) => attempt.ending === 'stalled')
    const gone = stack[faulty].nextAttempt((attempt) => attempt.clientLeftAtMs !== null)
    const caller = await callRaw(stack, client, route)
    await stalled
    const leftAt = performance.now()
    caller.leave(how)
    await gone
    times.push(performance.now() - leftAt)
  }
  stack.spoil(faulty, route, null)
  return { route, ms: times.sort((a, b) => a - b)[Math.floor(LEAVERS / 2)] ?? Infinity }
}

describe.each(PLACES)('a client of the $client wire, with $faulty in front', (place) => {
  it.each(PHASES)('has its provider let go of within 100 ms when it leaves $phase', async ({ words }) => {
    const { route, ms } = await heldMs(place, words, 'reset')
    expect(ms).toBeLessThan(100)
    expect(await leadersFor(stack, route)).toEqual(new Set([place.faulty]))
  })
})

it('bounds what a caller wastes who leaves without a reset while nothing is said', async () => {
  const [place] = PLACES
  if (place === undefined) throw new Error('there are no places')
  // On a developer's machine workerd takes a FIN for a caller who has said everything and still listens; it notices
  // with the next word that it writes, and where none comes, the gap's timer (400 ms) ends the attempt.
  expect((await heldMs(place, 1, 'fin')).ms).toBeLessThan(1_000)
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
    await ask(early, 'openai', early.freshRoute('o'), { stream: true })
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

describe('a caller that leaves while another provider is asked to go on with its answer', () => {
  let able: Stack
  beforeAll(async () => {
    able = await startStack({ worker: 'worker-with-prefill.ts' })
    await ask(able, 'openai', able.freshRoute('oa'), { stream: true })
  })
  afterAll(() => able.close())

  it.each([
    ['has said nothing yet', { kind: 'silence' }],
    ['has begun', { kind: 'stall', afterTokens: 2 }],
  ] as const)('has that one let go of as well, which %s', async (_, fault) => {
    const route = able.freshRoute('oa')
    able.spoil('openai', route, { kind: 'cut', afterTokens: 3 })
    able.spoil('anthropic', route, fault)
    const stalled = able.anthropic.nextAttempt((attempt) => attempt.ending === 'stalled')
    const gone = able.anthropic.nextAttempt((attempt) => attempt.clientLeftAtMs !== null)
    const caller = await callRaw(able, 'openai', route)
    await stalled
    const leftAt = performance.now()
    caller.leave('reset')
    await gone
    // Of its timers the shortest is the gap's, 400 ms.
    expect(performance.now() - leftAt).toBeLessThan(300)
  })
})
