import { parseConfig, type Config } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import type { Candidate } from './candidate.ts'
import { findRoute, setUp } from './setup.ts'

const configOf = (provider: object, more: object = {}): Config =>
  parseConfig({
    providers: { p: { wire: 'openai', ...provider } },
    models: { m: { provider: 'p', model: 'upstream', timers: { gapMs: 7 } } },
    routes: { chat: { candidates: ['m'], accepts: ['gpt-*', 'exact'] }, 'gpt-own': { candidates: ['m'] } },
    keys: { app: { secretFrom: 'APP_KEY', routes: ['chat'] }, ops: { secretFrom: 'OPS_KEY' } },
    ...more,
  })
const FIXED = { baseUrl: 'https://p.test/v1/' }

const addressOf = (candidate: Candidate | undefined, stream = false): string | null =>
  candidate?.endpoint.kind === 'http' ? candidate.endpoint.url(stream) : null

describe('setting up', () => {
  it('joins a candidate with its address, credentials and times', () => {
    const [route] = setUp(configOf({ ...FIXED, keyFrom: 'P_KEY', headers: { 'x-org': 'o' } }), {
      P_KEY: 'k',
    }).routes
    expect(route?.candidates).toMatchObject([
      {
        id: 'm',
        provider: 'p',
        headers: { 'x-org': 'o', authorization: 'Bearer k' },
        model: { model: 'upstream' },
        timers: { gapMs: 7, headersMs: 10_000 },
      },
    ])
    expect(addressOf(route?.candidates[0])).toBe('https://p.test/v1/chat/completions')
    expect(addressOf(route?.candidates[0], true)).toBe('https://p.test/v1/chat/completions')
  })

  it('spells address and credentials the way of the format', () => {
    const config = configOf({ wire: 'anthropic', baseUrl: 'https://a.test', keyFrom: 'A_KEY' })
    const [candidate] = setUp(config, { A_KEY: 'k' }).routes[0]?.candidates ?? []
    expect(addressOf(candidate)).toBe('https://a.test/v1/messages')
    expect(candidate).toMatchObject({ headers: { 'x-api-key': 'k' } })
    // It belongs to the format and not to the credentials: a caller may ask for another version.
    expect(candidate?.headers).not.toHaveProperty('anthropic-version')
    expect(candidate?.wire.defaultHeaders).toHaveProperty('anthropic-version')
  })

  it('names the model, and whether it streams, in the address of Gemini', () => {
    const config = configOf(
      { wire: 'gemini', baseUrl: 'https://g.test/v1beta/', keyFrom: 'G_KEY' },
      { models: { m: { provider: 'p', model: 'gemini-2.5-flash' }, odd: { provider: 'p', model: 'a/b?c' } } },
    )
    const { candidates = [] } =
      setUp(
        { ...config, routes: { chat: { ...config.routes['chat']!, candidates: ['m', 'odd'] } } },
        { G_KEY: 'k' },
      ).routes[0] ?? {}
    const models = 'https://g.test/v1beta/models'
    expect(addressOf(candidates[0])).toBe(`${models}/gemini-2.5-flash:generateContent`)
    expect(addressOf(candidates[0], true)).toBe(`${models}/gemini-2.5-flash:streamGenerateContent?alt=sse`)
    expect(addressOf(candidates[1])).toBe(`${models}/a%2Fb%3Fc:generateContent`)
    expect(candidates[0]?.headers).toEqual({ 'x-goog-api-key': 'k' })
  })

  it('takes Workers AI where it is bound, and names the binding where it is not', () => {
    const config = configOf({ wire: 'workers-ai', binding: 'AI', headers: { 'cf-aig-metadata': '{}' } })
    const binding = { run: () => Promise.resolve(null) }
    const [route] = setUp(config, { AI: binding }).routes
    expect(route?.candidates).toMatchObject([
      { endpoint: { kind: 'binding', binding }, headers: { 'cf-aig-metadata': '{}' } },
    ])
    for (const wrong of [undefined, null, 'AI', {}, { run: 'fast' }]) {
      expect(setUp(config, { AI: wrong }).routes[0]).toMatchObject({ candidates: [], missing: ['AI'] })
    }
  })

  it('takes a provider without a key where the configuration names none', () => {
    const [candidate] = setUp(configOf(FIXED), {}).routes[0]?.candidates ?? []
    expect(candidate?.headers).toEqual({})
  })

  it.each<[object, Record<string, unknown>, string[]]>([
    [{ ...FIXED, keyFrom: 'P_KEY' }, {}, ['P_KEY']],
    [{ ...FIXED, keyFrom: 'P_KEY' }, { P_KEY: '' }, ['P_KEY']],
    [{ ...FIXED, keyFrom: 'P_KEY' }, { P_KEY: 5 }, ['P_KEY']],
    [{ baseUrlFrom: 'P_URL', keyFrom: 'P_KEY' }, {}, ['P_KEY', 'P_URL']],
    [{ baseUrlFrom: 'P_URL' }, { P_URL: 'http://127.0.0.1:1/v1' }, []],
    [{ baseUrlFrom: 'P_URL' }, { P_URL: 'https://p.test/v1' }, []],
    [{ baseUrlFrom: 'P_URL' }, { P_URL: 'p.test/v1' }, ['P_URL']],
    [{ baseUrlFrom: 'P_URL' }, { P_URL: 'ftp://p.test/v1' }, ['P_URL']],
    [{ baseUrlFrom: 'P_URL' }, { P_URL: 'https://' }, ['P_URL']],
    [{ baseUrlFrom: 'P_URL' }, { P_URL: 'localhost:8080' }, ['P_URL']],
  ])('names the variables that %j lacks in %j', (provider, environment, missing) => {
    const [route] = setUp(configOf(provider), environment).routes
    expect(route?.missing).toEqual(missing)
    expect(route?.candidates).toHaveLength(missing.length === 0 ? 1 : 0)
  })

  it('calls a first output late when its model says so, or else its route', () => {
    const target = (model: object): number | undefined =>
      setUp(
        configOf(FIXED, {
          models: { m: { provider: 'p', model: 'upstream', ...model } },
          routes: { chat: { candidates: ['m'], ttfvtTargetMs: 700 } },
        }),
        {},
      ).routes[0]?.candidates[0]?.ttfvtTargetMs
    expect(target({})).toBe(700)
    expect(target({ ttfvtTargetMs: 5_000 })).toBe(5_000)
  })

  it('takes the app keys whose secret is set, with the routes that they open', () => {
    const { keys } = setUp(configOf(FIXED), { APP_KEY: 'one', OPS_KEY: '' })
    expect(keys).toMatchObject([{ name: 'app', secret: new TextEncoder().encode('one'), routes: ['chat'] }])
    expect(setUp(configOf(FIXED), { OPS_KEY: 'two' }).keys).toMatchObject([
      { name: 'ops', secret: new TextEncoder().encode('two'), routes: null },
    ])
  })

  it('limits nobody where the configuration doesn’t', () => {
    const { keys } = setUp(configOf(FIXED), { APP_KEY: 'one' })
    expect(keys).toMatchObject([{ criticalities: [], allowances: [] }])
  })

  it('joins what a key may do with what its tier may', () => {
    const config = configOf(FIXED, {
      keys: {
        app: { secretFrom: 'APP_KEY', tier: 'free', criticality: 'background', requestsPerMinute: 30 },
      },
      tiers: { free: { criticality: 'bulk', requestsPerMinute: 600, burst: 50, requestsPerDay: 1_000 } },
    })
    expect(setUp(config, { APP_KEY: 'one' }).keys).toMatchObject([
      {
        criticalities: ['background', 'bulk'],
        allowances: [
          { subject: 'key:app', rate: { perSecond: 0.5, burst: 30 }, requestsPerDay: null },
          { subject: 'tier:free', rate: { perSecond: 10, burst: 50 }, requestsPerDay: 1_000 },
        ],
      },
    ])
  })

  it('knows the tenant of a key that speaks for one alone', () => {
    const config = configOf(FIXED, { keys: { app: { secretFrom: 'APP_KEY', tenant: 'acme' } } })
    expect(setUp(config, { APP_KEY: 'one' }).keys).toMatchObject([{ name: 'app', tenant: 'acme' }])
  })

  it('makes receipts where there is a secret for them and a key of pages that could show them', () => {
    const config = configOf(FIXED, {
      browserKeys: { page: { keyFrom: 'PAGE_KEY', origins: ['https://app.test'] } },
    })
    const set = { PACELINE_SECRET: 'secret', PAGE_KEY: 'pk_1' }
    expect(setUp(config, set).receipts).not.toBeNull()
    expect(setUp(config, { ...set, PAGE_KEY: '' }).receipts).toBeNull()
    expect(setUp(config, { ...set, PACELINE_SECRET: '' }).receipts).toBeNull()
    expect(setUp(configOf(FIXED), set).receipts).toBeNull()
  })
})

describe('finding a route', () => {
  const { routes } = setUp(configOf(FIXED), {})

  it.each([
    ['chat', 'chat'],
    ['exact', 'chat'],
    ['gpt-5', 'chat'],
    ['gpt-', 'chat'],
    // Its own name goes before what others accept.
    ['gpt-own', 'gpt-own'],
    ['gpt', null],
    ['exactly', null],
    ['Chat', null],
    ['', null],
    ['gpt*', null],
  ])('of %j gives %j', (model, name) => {
    expect(findRoute(routes, model)?.name ?? null).toBe(name)
  })
})
