import { describe, expect, expectTypeOf, it } from 'vitest'
import { ConfigError, type ConfigIssue } from './config-error.ts'
import { defineConfig, parseConfig } from './define-config.ts'
import type { ConfigInput } from './schema.ts'

const BASE = {
  providers: { main: { wire: 'openai', baseUrl: 'https://a.test/v1', keyFrom: 'MAIN_KEY' } },
  models: { large: { provider: 'main', model: 'large-1' }, small: { provider: 'main', model: 'small-1' } },
  routes: { chat: { candidates: ['large', 'small'] } },
  keys: { app: { secretFrom: 'APP_KEY' } },
} satisfies ConfigInput

/** The base with one part replaced, as a file of unknown shape. */
const withPart = (part: object): unknown => ({ ...BASE, ...part })
const provider = (fields: object): unknown =>
  withPart({ providers: { main: { ...BASE.providers.main, ...fields } } })
const model = (fields: object): unknown =>
  withPart({ models: { ...BASE.models, large: { ...BASE.models.large, ...fields } } })
const route = (fields: object): unknown => withPart({ routes: { chat: { ...BASE.routes.chat, ...fields } } })

function issuesOf(input: unknown): readonly ConfigIssue[] {
  try {
    parseConfig(input)
  } catch (error) {
    if (error instanceof ConfigError) return error.issues
    throw error
  }
  throw new Error('it was accepted')
}

describe('a valid configuration', () => {
  it('is filled in with its defaults', () => {
    expect(parseConfig(BASE)).toEqual({
      providers: { main: { ...BASE.providers.main, headers: {} } },
      models: Object.fromEntries(
        Object.entries(BASE.models).map(([id, given]) => [
          id,
          {
            provider: given.provider,
            model: given.model,
            contextTokens: 128_000,
            maxOutputTokens: 4_096,
            maxTokensField: 'max_tokens',
            capabilities: { tools: true, images: true, jsonSchema: true, prefill: false },
            timers: {},
          },
        ]),
      ),
      routes: {
        chat: {
          candidates: ['large', 'small'],
          accepts: [],
          order: 'share',
          ttfvtTargetMs: 800,
          maxAttempts: 4,
          hedge: true,
          timers: {
            headersMs: 10_000,
            firstOutputMs: 15_000,
            gapMs: 20_000,
            answerMs: 60_000,
            totalMs: 300_000,
          },
        },
      },
      keys: { app: { secretFrom: 'APP_KEY' } },
      tiers: {},
      limits: {
        bodyBytes: 8_388_608,
        answerBytes: 4_194_304,
        bodyMs: 30_000,
        inFlight: { initial: 1_000, min: 200, max: 5_000 },
      },
      browserKeys: {},
      operators: {},
      regions: [],
      notify: { webhooks: {} },
      playbooks: {
        'ttfvt-breach': {
          suspectAfter: 3,
          usualLate: 0.05,
          faultyLate: 0.5,
          proof: 15,
          restoredBelowMs: 400,
          restoredSamples: 20,
          restoredWithinMs: 30_000,
          leaseMs: 60_000,
          freshMs: 30_000,
          rampInMs: 1_000,
          probeEveryMs: 2_000,
          recoveredAfter: 5,
          failBackStepMs: 10_000,
        },
      },
    })
  })

  it('keeps what it says where a default would stand', () => {
    const config = parseConfig(route({ order: 'strict', maxAttempts: 1, timers: { gapMs: 5 } }))
    expect(config.routes['chat']).toMatchObject({
      order: 'strict',
      maxAttempts: 1,
      timers: { gapMs: 5, totalMs: 300_000 },
    })
  })

  it('may reach Gemini by its address and Workers AI by its binding', () => {
    const providers = {
      main: { wire: 'gemini', baseUrl: 'https://g.test/v1beta', keyFrom: 'G_KEY' },
      bound: { wire: 'workers-ai', binding: 'AI' },
    }
    expect(parseConfig(withPart({ providers })).providers).toMatchObject(providers)
  })

  it('is the same after it has been parsed once', () => {
    expect(parseConfig(parseConfig(BASE))).toEqual(parseConfig(BASE))
  })
})

describe('a wrong configuration', () => {
  it.each<[string, unknown, string, string, RegExp]>([
    ['nothing at all', undefined, 'the configuration', 'missing', /object/i],
    ['text', 'x', 'the configuration', '"x"', /object/i],
    ['no providers', withPart({ providers: undefined }), 'providers', 'missing', /object/i],
    ['empty providers', withPart({ providers: {} }), 'providers', '{}', /at least one/],
    ['empty routes', withPart({ routes: {} }), 'routes', '{}', /at least one/],
    ['empty keys', withPart({ keys: {} }), 'keys', '{}', /at least one/],
    ['an unknown region', withPart({ regions: ['mars'] }), 'regions[0]', '"mars"', /weur/],
    ['an unknown part', withPart({ rotues: {} }), 'rotues', 'not a setting', /spelling/],
    [
      'an unknown provider setting',
      provider({ baseURL: 'x' }),
      'providers.main.baseURL',
      'not a setting',
      /spelling/,
    ],
    [
      'an unknown timer',
      route({ timers: { gap: 5 } }),
      'routes.chat.timers.gap',
      'not a setting',
      /spelling/,
    ],
    [
      'an unknown capability',
      model({ capabilities: { video: true } }),
      'models.large.capabilities.video',
      'not a setting',
      /spelling/,
    ],
    [
      'an unknown wire',
      provider({ wire: 'soap' }),
      'providers.main.wire',
      '"soap"',
      /"openai" \| "anthropic" \| "gemini" \| "workers-ai"/,
    ],
    ['no wire', provider({ wire: undefined }), 'providers.main.wire', 'missing', /"openai" \| "anthropic"/],
    [
      'a binding for a wire that goes over HTTP',
      provider({ binding: 'AI' }),
      'providers.main.binding',
      '"AI"',
      /only the wire "workers-ai"/,
    ],
    [
      'Workers AI without a binding',
      withPart({ providers: { main: { wire: 'workers-ai' } } }),
      'providers.main.binding',
      'missing',
      /such as "AI"/,
    ],
    [
      'an address for Workers AI',
      withPart({ providers: { main: { wire: 'workers-ai', binding: 'AI', baseUrl: 'https://a.test' } } }),
      'providers.main.baseUrl',
      '"https://a.test"',
      /reached by its binding/,
    ],
    [
      'a key for Workers AI',
      withPart({ providers: { main: { wire: 'workers-ai', binding: 'AI', keyFrom: 'A_KEY' } } }),
      'providers.main.keyFrom',
      '"A_KEY"',
      /reached by its binding/,
    ],
    [
      "the address at which Gemini speaks OpenAI's format",
      provider({ wire: 'gemini', baseUrl: 'https://g.test/v1beta/openai/' }),
      'providers.main.baseUrl',
      '"https://g.test/v1beta/openai/"',
      /Leave \/openai off/,
    ],
    [
      'an address that is none',
      provider({ baseUrl: 'a.test' }),
      'providers.main.baseUrl',
      '"a.test"',
      /absolute address/,
    ],
    [
      'an address of another kind',
      provider({ baseUrl: 'ftp://a.test' }),
      'providers.main.baseUrl',
      '"ftp://a.test"',
      /http/,
    ],
    [
      'a secret in place of its name',
      provider({ keyFrom: 'sk-123' }),
      'providers.main.keyFrom',
      '"sk-123"',
      /NAME/,
    ],
    ['a header that is a number', provider({ headers: { a: 5 } }), 'providers.main.headers.a', '5', /string/],
    [
      'a name with a space',
      withPart({ keys: { 'my app': { secretFrom: 'A' } } }),
      'keys.my app',
      '"my app"',
      /letters, digits/,
    ],
    ['a model without a name', model({ model: '' }), 'models.large.model', '""', /name/],
    [
      'a context of no tokens',
      model({ contextTokens: 0 }),
      'models.large.contextTokens',
      '0',
      /at least 1 token/,
    ],
    [
      'half a token',
      model({ maxOutputTokens: 1.5 }),
      'models.large.maxOutputTokens',
      '1.5',
      /whole number of tokens/,
    ],
    [
      'an unknown provider of a model',
      model({ provider: 'mian' }),
      'models.large.provider',
      '"mian"',
      /No such provider \(defined: main\)/,
    ],
    ['no candidates', route({ candidates: [] }), 'routes.chat.candidates', '[]', /at least one model/],
    [
      'an unknown candidate',
      route({ candidates: ['large', 'tiny'] }),
      'routes.chat.candidates[1]',
      '"tiny"',
      /No such model \(defined: large, small\)/,
    ],
    [
      'a candidate by the name of a built-in',
      route({ candidates: ['toString'] }),
      'routes.chat.candidates[0]',
      '"toString"',
      /No such model/,
    ],
    [
      'a candidate named twice',
      route({ candidates: ['large', 'large'] }),
      'routes.chat.candidates[1]',
      '"large"',
      /once/,
    ],
    ['an unknown order', route({ order: 'random' }), 'routes.chat.order', '"random"', /"share" \| "strict"/],
    [
      'half an attempt',
      route({ maxAttempts: 1.5 }),
      'routes.chat.maxAttempts',
      '1.5',
      /whole number of attempts/,
    ],
    ['no attempts', route({ maxAttempts: 0 }), 'routes.chat.maxAttempts', '0', /at least 1 attempt/],
    ['too many attempts', route({ maxAttempts: 11 }), 'routes.chat.maxAttempts', '11', /at most 10 attempts/],
    [
      'a duration that is text',
      route({ ttfvtTargetMs: '1s' }),
      'routes.chat.ttfvtTargetMs',
      '"1s"',
      /number/,
    ],
    [
      'a duration that is no number',
      route({ ttfvtTargetMs: Number.NaN }),
      'routes.chat.ttfvtTargetMs',
      'NaN',
      /number/,
    ],
    [
      'a duration too long',
      route({ timers: { totalMs: 4e6 } }),
      'routes.chat.timers.totalMs',
      '4000000',
      /an hour/,
    ],
    [
      'a pattern with a star inside',
      route({ accepts: ['a*b'] }),
      'routes.chat.accepts[0]',
      '"a*b"',
      /one \*/,
    ],
    [
      'a key for an unknown route',
      withPart({ keys: { app: { secretFrom: 'A', routes: ['chatt'] } } }),
      'keys.app.routes[0]',
      '"chatt"',
      /No such route \(defined: chat\)/,
    ],
    [
      'a key of an unknown tier',
      withPart({ keys: { app: { secretFrom: 'A', tier: 'fre' } }, tiers: { free: {} } }),
      'keys.app.tier',
      '"fre"',
      /No such tier \(defined: free\)/,
    ],
    [
      'an unknown class',
      withPart({ tiers: { free: { criticality: 'low' } } }),
      'tiers.free.criticality',
      '"low"',
      /"critical" \| "interactive" \| "background" \| "bulk"/,
    ],
    [
      'half a request',
      withPart({ tiers: { free: { requestsPerMinute: 0.5 } } }),
      'tiers.free.requestsPerMinute',
      '0.5',
      /whole number of requests/,
    ],
    [
      'a burst of nothing',
      withPart({ keys: { app: { secretFrom: 'A', burst: 5 } } }),
      'keys.app.burst',
      '5',
      /requestsPerMinute/,
    ],
    [
      'limits that cross',
      withPart({ limits: { inFlight: { initial: 10 } } }),
      'limits.inFlight',
      '{"initial":10,"min":200,"max":5000}',
      /min at most initial/,
    ],
    [
      'a body limit that is too small',
      withPart({ limits: { bodyBytes: 10 } }),
      'limits.bodyBytes',
      '10',
      /at least 1,024 bytes/,
    ],
    [
      'half a byte',
      withPart({ limits: { answerBytes: 2_000.5 } }),
      'limits.answerBytes',
      '2000.5',
      /whole number of bytes/,
    ],
    [
      'an answer limit that is too large',
      withPart({ limits: { answerBytes: 1e9 } }),
      'limits.answerBytes',
      '1000000000',
      /at most 33,554,432 bytes/,
    ],
    [
      'answers that are kept for less than a second',
      route({ cache: { freshMs: 999 } }),
      'routes.chat.cache.freshMs',
      '999',
      /at least 1,000 ms/,
    ],
    [
      'answers that are kept for too long',
      route({ cache: { freshMs: 1_000, staleMs: 2_592_000_001 } }),
      'routes.chat.cache.staleMs',
      '2592000001',
      /at most 2,592,000,000 ms \(30 days\)/,
    ],
    [
      'answers that are fresh for longer than they are kept',
      route({ cache: { freshMs: 2_000, staleMs: 1_999 } }),
      'routes.chat.cache.staleMs',
      '1999',
      /at least freshMs \(2000\)/,
    ],
    [
      'answers that are asked for anew before they are old',
      route({ cache: { freshMs: 2_000, refreshAheadMs: 2_000 } }),
      'routes.chat.cache.refreshAheadMs',
      '2000',
      /less than freshMs \(2000\)/,
    ],
    [
      'a tenant that no header could name',
      withPart({ keys: { app: { secretFrom: 'A', tenant: 'Grüße' } } }),
      'keys.app.tenant',
      '"Grüße"',
      /visible ASCII/,
    ],
    [
      'a secret that two keys share',
      withPart({ keys: { app: { secretFrom: 'A' }, other: { secretFrom: 'A' } } }),
      'keys.other.secretFrom',
      '"A"',
      /'app' has this one/,
    ],
    [
      'a big integer, which JSON can not spell',
      model({ contextTokens: 5n }),
      'models.large.contextTokens',
      '5n',
      /number/,
    ],
  ])('names field, value and mend of %s', (_, input, field, value, mend) => {
    const issue = issuesOf(input).find((one) => one.field === field)
    expect(issue).toMatchObject({ field, value })
    expect(issue?.mend).toMatch(mend)
    expect(issue?.mend).toMatch(/^[A-Z].*\.$/)
  })

  it.each([
    ['both addresses', { baseUrlFrom: 'MAIN_URL' }],
    ['no address', { baseUrl: undefined }],
  ])('wants exactly one address of a provider, not %s', (_, fields) => {
    const [issue] = issuesOf(provider(fields))
    expect(issue).toMatchObject({ field: 'providers.main' })
    expect(issue?.mend).toMatch(/exactly one of baseUrl .* and baseUrlFrom/)
  })

  it('names every error at once, in its message too', () => {
    const input = withPart({ routes: { chat: { candidates: ['tiny'] }, odd: { candidates: ['huge'] } } })
    expect(issuesOf(input).map(({ field }) => field)).toEqual([
      'routes.chat.candidates[0]',
      'routes.odd.candidates[0]',
    ])
    expect(() => parseConfig(input)).toThrow(/has 2 errors:\n {2}routes\.chat\.candidates\[0\] is "tiny"\n/)
  })

  it.each([
    [
      "by another's own name",
      { chat: BASE.routes.chat, other: { candidates: ['small'], accepts: ['chat'] } },
      'routes.other.accepts[0]',
      'chat',
    ],
    [
      'by the same further name',
      {
        chat: { candidates: ['large'], accepts: ['gpt-*'] },
        other: { candidates: ['small'], accepts: ['x', 'gpt-*'] },
      },
      'routes.other.accepts[1]',
      'chat',
    ],
    [
      'twice in one route',
      { chat: { candidates: ['large'], accepts: ['x', 'x'] } },
      'routes.chat.accepts[1]',
      'chat',
    ],
  ])('names a model name that is claimed %s, and who has it', (_, routes, field, owner) => {
    const [issue] = issuesOf(withPart({ routes }))
    expect(issue?.field).toBe(field)
    expect(issue?.mend).toContain(`"${owner}"`)
  })

  it('shortens long values', () => {
    const [issue] = issuesOf(provider({ keyFrom: 'x'.repeat(500) }))
    expect(issue?.value.length).toBeLessThanOrEqual(80)
  })
})

describe('the type of a configuration', () => {
  type Input<P extends string, M extends string> = Parameters<typeof defineConfig<P, M>>[0]

  it('takes the names that it defines', () => {
    expectTypeOf<{
      providers: { main: { wire: 'openai'; baseUrl: string } }
      models: { large: { provider: 'main'; model: string } }
      routes: { chat: { candidates: 'large'[] } }
      keys: { app: { secretFrom: string } }
    }>().toExtend<Input<'main', 'large'>>()
    expect(defineConfig(BASE_TYPED)).toEqual(parseConfig(BASE_TYPED))
  })

  it('refuses a misspelt candidate', () => {
    expectTypeOf<{ chat: { candidates: 'lagre'[] } }>().not.toExtend<Input<'main', 'large'>['routes']>()
  })

  it('refuses a misspelt provider', () => {
    expectTypeOf<{ large: { provider: 'mian'; model: string } }>().not.toExtend<
      Input<'main', 'large'>['models']
    >()
  })

  it('refuses a misspelt tier, and any where none is defined', () => {
    type Keys<T extends string> = Parameters<typeof defineConfig<'main', 'large', T>>[0]['keys']
    expectTypeOf<{ app: { secretFrom: string; tier: 'free' } }>().toExtend<Keys<'free'>>()
    expectTypeOf<{ app: { secretFrom: string; tier: 'fre' } }>().not.toExtend<Keys<'free'>>()
    expectTypeOf<{ app: { secretFrom: string; tier: 'free' } }>().not.toExtend<
      Input<'main', 'large'>['keys']
    >()
  })

  it('infers the names from the definition alone, so that a misspelt one can not define itself', () => {
    expectTypeOf(defineConfig<'main', 'large' | 'small'>).toBeCallableWith(BASE_TYPED)
    const misspelt = { ...BASE_TYPED, routes: { chat: { candidates: ['lagre' as const] } } }
    expectTypeOf(misspelt).not.toExtend<Input<'main', 'large' | 'small'>>()
    expect(() => parseConfig(misspelt)).toThrow(ConfigError)
  })
})

const BASE_TYPED = {
  providers: { main: { wire: 'openai' as const, baseUrl: 'https://a.test/v1' } },
  models: {
    large: { provider: 'main' as const, model: 'large-1' },
    small: { provider: 'main' as const, model: 'small-1' },
  },
  routes: { chat: { candidates: ['large' as const, 'small' as const] } },
  keys: { app: { secretFrom: 'APP_KEY' } },
}
