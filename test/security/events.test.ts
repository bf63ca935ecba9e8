import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BROWSER, modeChanged, PAGE, post, SERVER, shown } from '../support/events.ts'
import { KEYS, startStack, type Stack } from '../support/stack.ts'

/** What nobody may find anywhere: words of a user, and half of them, in case somebody cuts. */
const PROMPT = 'My doctor says that I have a rare disease, what now?'
const TRACES = ['doctor says', 'rare disease', encodeURIComponent(PROMPT)]

const folder = mkdtempSync(join(tmpdir(), 'paceline-events-'))
let stack: Stack
beforeAll(async () => {
  stack = await startStack({ worker: 'worker-with-recorder.ts', persistTo: folder })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

const isObject = (value: Json): value is { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Every document that differs from this one in one place: there, it holds the prompt. */
function poisoned(value: Json): Json[] {
  if (!isObject(value)) return [PROMPT, [PROMPT], { [PROMPT]: PROMPT }]
  const inside = Object.entries(value).flatMap(([name, child]) =>
    poisoned(child).map((one) => ({ ...value, [name]: one })),
  )
  const beside = [
    { ...value, [PROMPT]: 1 },
    { ...value, prompt: PROMPT },
    { ...value, nested: { deep: [PROMPT] } },
  ]
  return [...inside, ...beside, PROMPT, [PROMPT]]
}

const common = { specversion: '1.0', time: '2026-11-22T16:30:00.000Z' }
const page = { ...common, source: '/browser/session-9' }
const server = { ...common, source: '/server/api-9' }
const FROM_PAGES: Record<string, Json>[] = [
  shown('s', { proof: `${'A'.repeat(16)}.${'B'.repeat(60)}`, firstProgressMs: 3 }) as Record<string, Json>,
  { ...page, type: 'ai.turn.lost', data: { route: 'chat', reason: 'abandoned', afterMs: 5, proof: 'a.b' } },
  { ...page, type: 'notice.shown', data: { incident: 'inc-1', severity: 'warning' } },
  { ...page, type: 'notice.dismissed', data: { incident: 'inc-1', severity: 'info' } },
  { ...page, type: 'reporting.blocked', data: { attempts: 3 } },
  { ...page, type: 'directive.refused', data: { reason: 'older', epoch: 1, version: 2 } },
]
const FROM_SERVERS: Record<string, Json>[] = [
  { ...server, type: 'directive.refused', data: { reason: 'wrongly-signed', epoch: 1, version: 2 } },
  modeChanged('m') as Record<string, Json>,
  {
    ...server,
    type: 'server.requests.shed',
    data: { critical: 0, interactive: 1, background: 2, bulk: 3, overMs: 1_000 },
  },
  { ...server, type: 'server.feature.failed', data: { feature: 'search', variant: 'full', afterMs: 9 } },
]

/** All that is on disk, as bytes: neither a table nor a log of the database is left out. */
function stored(path: string): string {
  if (statSync(path).isDirectory())
    return readdirSync(path)
      .map((name) => stored(join(path, name)))
      .join('\n')
  return readFileSync(path, 'latin1')
}

describe('words of users', () => {
  it('get neither into what is kept, nor into what is passed on, nor into an answer, wherever they stand', async () => {
    const said: string[] = []
    let counts = 0
    for (const [headers, documents] of [
      [BROWSER, FROM_PAGES],
      [SERVER, FROM_SERVERS],
    ] as const) {
      for (const [kind, document] of documents.entries()) {
        const events = poisoned(document).map((one, index) =>
          // Each is new, so that it can't pass as a duplicate; those whose id is poisoned stay as they are.
          isObject(one) && typeof one['id'] !== 'object' && one['id'] !== PROMPT
            ? { ...one, id: `kept-${headers === SERVER ? 's' : 'p'}-${kind}-${index}` }
            : one,
        )
        expect(events.length).toBeGreaterThanOrEqual(20)
        for (let from = 0; from < events.length; from += 100) {
          const noisy = {
            ...headers,
            'user-agent': PROMPT,
            referer: `${PAGE}/?q=${encodeURIComponent(PROMPT)}`,
          }
          const response = await post(stack, noisy, events.slice(from, from + 100))
          expect(response.status).toBe(200)
          said.push(JSON.stringify([...response.headers]), await response.text())
        }
        counts += events.length
      }
    }
    expect(counts).toBeGreaterThan(300)
    // Whole bodies that are none.
    for (const body of [PROMPT, JSON.stringify(PROMPT), JSON.stringify({ [PROMPT]: PROMPT })]) {
      for (const type of ['text/plain', 'application/json', PROMPT]) {
        const response = await post(stack, { ...SERVER, 'content-type': type }, body)
        said.push(JSON.stringify([...response.headers]), await response.text())
      }
    }
    for (const authorization of [`Bearer ${PROMPT}`, PROMPT]) {
      said.push(await (await post(stack, { authorization, origin: PROMPT }, [])).text())
    }
    const origin = `https://${encodeURIComponent(PROMPT)}.example`
    said.push(await (await post(stack, { ...BROWSER, origin }, [])).text())
    said.push(await (await fetch(`${stack.url}/test/heard`)).text())
    await stack.close()

    const kept = stored(folder)
    // The search finds what is there.
    expect(kept).toContain('kept-p-0-')
    expect(kept).toContain('kept-s-1-')
    for (const trace of TRACES) {
      expect(kept).not.toContain(trace)
      expect(said.join('\n')).not.toContain(trace)
    }
    // Nor do keys and receipts.
    for (const secret of [KEYS.app, KEYS.secret, 'B'.repeat(60)]) {
      expect(kept).not.toContain(secret)
      expect(said.join('\n')).not.toContain(secret)
    }
  })
})
