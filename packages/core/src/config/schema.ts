import * as v from 'valibot'

const identifier = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/, 'a name of letters, digits and . _ : / - (128 at most)'),
)
const environmentName = v.pipe(
  v.string(),
  v.regex(/^[A-Z][A-Z0-9_]*$/, 'the NAME of an environment variable or secret, such as OPENAI_API_KEY'),
)
const durationMs = v.pipe(
  v.number(),
  v.integer('a whole number of milliseconds'),
  v.minValue(1, 'at least 1 ms'),
  v.maxValue(3_600_000, 'at most 3,600,000 ms (an hour)'),
)
const baseUrl = v.pipe(
  v.string(),
  v.url('an absolute address, such as "https://api.openai.com/v1"'),
  v.regex(/^https?:\/\//, 'an http or https address'),
)
const tokens = v.pipe(v.number(), v.integer('a whole number of tokens'), v.minValue(1, 'at least 1 token'))

const attempts = v.pipe(
  v.number(),
  v.integer('a whole number of attempts'),
  v.minValue(1, 'at least 1 attempt'),
  v.maxValue(10, 'at most 10 attempts'),
)
const bytesUpTo = (most: number) =>
  v.pipe(
    v.number(),
    v.integer('a whole number of bytes'),
    v.minValue(1_024, 'at least 1,024 bytes'),
    v.maxValue(most, `at most ${most.toLocaleString('en')} bytes`),
  )

/** The wire formats that a provider can speak. */
export const wireNameSchema = v.picklist(['openai', 'anthropic'])

const providerSchema = v.pipe(
  v.strictObject({
    wire: wireNameSchema,
    /** The address that official clients take as base URL: with `/v1` for OpenAI, without it for Anthropic. */
    baseUrl: v.optional(baseUrl),
    /** Environment variable that holds the base URL. The provider takes part only where it is set. */
    baseUrlFrom: v.optional(environmentName),
    /** Secret that holds the provider's key. The provider takes part only where it is set. */
    keyFrom: v.optional(environmentName),
    /** Further request headers, such as an organisation's id. */
    headers: v.optional(v.record(v.string(), v.string()), {}),
  }),
  v.check(
    (provider) => (provider.baseUrl === undefined) !== (provider.baseUrlFrom === undefined),
    'exactly one of baseUrl (the address) and baseUrlFrom (the variable that holds it)',
  ),
)

const timerEntries = {
  /** Connection and response headers of a streamed attempt. */
  headersMs: durationMs,
  /** First text, reasoning or tool call of a streamed attempt, from its start. */
  firstOutputMs: durationMs,
  /** Silence between two outputs of a stream. */
  gapMs: durationMs,
  /** A whole unstreamed attempt: providers send nothing before they are done. */
  answerMs: durationMs,
}

const modelSchema = v.strictObject({
  provider: identifier,
  /** What the provider calls it. */
  model: v.pipe(v.string(), v.minLength(1, 'the name that the provider gives the model')),
  contextTokens: v.optional(tokens, 128_000),
  /** Sent to wires that demand a limit when the caller named none. */
  maxOutputTokens: v.optional(tokens, 4_096),
  /** OpenAI's newer models refuse `max_tokens`; most compatible servers know nothing else. */
  maxTokensField: v.optional(v.picklist(['max_tokens', 'max_completion_tokens']), 'max_tokens'),
  /** Where this model needs other times than its routes give: one that thinks first is slow by nature. */
  timers: v.optional(v.partial(v.strictObject(timerEntries)), {}),
  /** Where a first output of this model counts as late at another time than its routes say. */
  ttfvtTargetMs: v.optional(durationMs),
  /** What it can do; a request that needs more goes to another candidate. */
  capabilities: v.optional(
    v.strictObject({
      tools: v.optional(v.boolean(), true),
      images: v.optional(v.boolean(), true),
      jsonSchema: v.optional(v.boolean(), true),
    }),
    {},
  ),
})

const timersSchema = v.strictObject({
  headersMs: v.optional(timerEntries.headersMs, 10_000),
  firstOutputMs: v.optional(timerEntries.firstOutputMs, 15_000),
  gapMs: v.optional(timerEntries.gapMs, 20_000),
  answerMs: v.optional(timerEntries.answerMs, 60_000),
  /** Everything, over all attempts. */
  totalMs: v.optional(durationMs, 300_000),
})

const routeSchema = v.strictObject({
  candidates: v.pipe(v.array(identifier), v.minLength(1, 'at least one model')),
  /** Model names that callers may send for this route besides its own; a trailing `*` matches any ending. */
  accepts: v.optional(
    v.array(v.pipe(v.string(), v.regex(/^[^*]+\*?$/, 'a name, or a beginning followed by one *'))),
    [],
  ),
  /** `share`: by health. `strict`: the first permitted candidate takes all, the next ones only after a failure. */
  order: v.optional(v.picklist(['share', 'strict']), 'share'),
  /** A first output later than this counts as late. */
  ttfvtTargetMs: v.optional(durationMs, 800),
  maxAttempts: v.optional(attempts, 4),
  timers: v.optional(timersSchema, {}),
})

const keySchema = v.strictObject({
  /** Secret that holds the key which the app sends. */
  secretFrom: environmentName,
  /** Routes that this key may use; all of them when left out. */
  routes: v.optional(v.array(identifier)),
})

export const configSchema = v.strictObject({
  providers: v.record(identifier, providerSchema),
  models: v.record(identifier, modelSchema),
  routes: v.record(identifier, routeSchema),
  keys: v.record(identifier, keySchema),
  limits: v.optional(
    v.strictObject({
      /** Largest request body, in bytes. */
      bodyBytes: v.optional(bytesUpTo(100_000_000), 8_388_608),
      /** Largest unstreamed answer and largest single event of a stream, in bytes. */
      answerBytes: v.optional(bytesUpTo(33_554_432), 4_194_304),
    }),
    {},
  ),
})

export type WireName = v.InferOutput<typeof wireNameSchema>
export type ConfigInput = v.InferInput<typeof configSchema>
export type Config = v.InferOutput<typeof configSchema>
export type ProviderConfig = Config['providers'][string]
export type ModelConfig = Config['models'][string]
export type RouteConfig = Config['routes'][string]
