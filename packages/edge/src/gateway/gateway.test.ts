import { parseConfig } from '@paceline/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { HealthView } from '../health/health-view.ts'
import { Gateway, type Host } from './gateway.ts'
import { setUp, type Setup } from './setup.ts'
import { openAiWire } from './wire/openai/wire.ts'

const CONFIG = parseConfig({
  providers: { p: { wire: 'openai', baseUrl: 'https://p.test/v1' } },
  models: { a: { provider: 'p', model: 'a' } },
  routes: { chat: { candidates: ['a'] } },
  keys: { app: { secretFrom: 'KEY' } },
  limits: { inFlight: { min: 1, initial: 1, max: 1 } },
})
const setup = setUp(CONFIG, { KEY: 'secret' })

const question = (signal?: AbortSignal): Request =>
  new Request('https://edge.test/v1/chat/completions', {
    method: 'POST',
    headers: { authorization: 'Bearer secret', 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'chat', messages: [{ role: 'user', content: 'x' }] }),
    ...(signal === undefined ? {} : { signal }),
  })

/** A platform on which nobody keeps health. */
function alone(): Host & { readonly over: () => Promise<unknown> } {
  const out = (): Promise<never> => Promise.reject(new Error('there is none'))
  const works: Promise<unknown>[] = []
  return {
    waitUntil: (work) => void works.push(work),
    report: out,
    heldDirectives: out,
    coldDirectives: () => Promise.resolve(null),
    answers: null,
    leaseQuota: out,
    over: () => Promise.all(works),
  }
}

afterEach(() => void vi.unstubAllGlobals())

describe('a request', () => {
  it('is counted as left where its caller did not wait for the answer', async () => {
    const caller = new AbortController()
    vi.stubGlobal('fetch', (_: unknown, { signal }: { readonly signal: AbortSignal }) => {
      const { promise, reject } = Promise.withResolvers<Response>()
      signal.addEventListener('abort', () => reject(new Error('aborted')))
      caller.abort()
      return promise
    })
    const health = new HealthView()
    const host = alone()
    await new Gateway(health).handle(question(caller.signal), openAiWire, setup, host)
    await host.over()
    expect(health.ledger.counts).toEqual({ 'attempts first': 1, 'answers left': 1 })
  })

  it('gives its place back where a bug ends it', async () => {
    const [route] = setup.routes
    const [candidate] = route?.candidates ?? []
    if (route === undefined || candidate === undefined) throw new Error('the cast is broken')
    const broken = {
      ...candidate,
      get model(): never {
        throw new TypeError('a bug')
      },
    }
    const buggy: Setup = { ...setup, routes: [{ ...route, candidates: [broken] }] }
    const gateway = new Gateway(new HealthView())
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('{"error":{"message":"no"}}', { status: 400 })))
    await expect(gateway.handle(question(), openAiWire, buggy, alone())).rejects.toThrow('a bug')
    const next = await gateway.handle(question(), openAiWire, setup, alone())
    expect(await next.json()).toMatchObject({ error: { code: 'invalid_request' } })
  })
})
