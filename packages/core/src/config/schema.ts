import * as v from 'valibot'
import { CRITICALITIES } from '../admission/criticality.ts'
import { identifier, tenantName } from '../identifier.ts'

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

const criticality = v.picklist(CRITICALITIES)
const requestsUpTo = (most: number) =>
  v.pipe(
    v.number(),
    v.integer('a whole number of requests'),
    v.minValue(1, 'at least 1 request'),
    v.maxValue(most, `at most ${most.toLocaleString('en')} requests`),
  )

/** Who may do how much, and how urgent it is. What is left out sets no limit. */
const allowanceEntries = {
  /** How much is lost when a request is turned away; of key, tier and route the lowest counts. */
  criticality: v.optional(criticality),
  /** In the long run, by isolate. */
  requestsPerMinute: v.optional(requestsUpTo(1_000_000)),
  /** How many at once; as many as a minute brings unless given. */
  burst: v.optional(requestsUpTo(1_000_000)),
  /** From midnight to midnight UTC, over all isolates, approximately. */
  requestsPerDay: v.optional(requestsUpTo(1_000_000_000)),
}

/** The wire formats that a provider can speak. */
export const wireNameSchema = v.picklist(['openai', 'anthropic', 'gemini', 'workers-ai'])

/** Where health may be kept: https://developers.cloudflare.com/durable-objects/reference/data-location/ */
export const REGIONS = ['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me'] as const

const providerSchema = v.pipe(
  v.strictObject({
    wire: wireNameSchema,
    /** The address that official clients take as base URL: with `/v1` for OpenAI, `/v1beta` for Gemini, bare for Anthropic. */
    baseUrl: v.optional(baseUrl),
    /** Environment variable that holds the base URL. The provider takes part only where it is set. */
    baseUrlFrom: v.optional(environmentName),
    /** Secret that holds the provider's key. The provider takes part only where it is set. */
    keyFrom: v.optional(environmentName),
    /** The binding to Workers AI, in place of address and key. The provider takes part only where it is bound. */
    binding: v.optional(environmentName),
    /** Further request headers, such as an organisation's id. */
    headers: v.optional(v.record(v.string(), v.string()), {}),
  }),
  v.check(
    ({ wire, baseUrl: fixed, baseUrlFrom }) =>
      wire === 'workers-ai' || (fixed === undefined) !== (baseUrlFrom === undefined),
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
      /** Whether it goes on with an answer that the conversation ends with. */
      prefill: v.optional(v.boolean(), false),
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

const keptMs = (most: number, inWords: string) =>
  v.pipe(
    v.number(),
    v.integer('a whole number of milliseconds'),
    v.minValue(1_000, 'at least 1,000 ms'),
    v.maxValue(most, `at most ${most.toLocaleString('en')} ms (${inWords})`),
  )
const DAY_MS = 86_400_000

/** Stored answers, for requests that name a tenant. Ages count from the moment when an answer was complete. */
const cacheSchema = v.strictObject({
  /** Up to this age an answer is given again without asking anybody. */
  freshMs: keptMs(7 * DAY_MS, 'a week'),
  /** Up to this age an answer is given, labelled as stale, when nobody can answer. */
  staleMs: v.optional(keptMs(30 * DAY_MS, '30 days'), DAY_MS),
  /** So long before an answer stops being fresh, a request that it is given to has it asked for anew in the background. */
  refreshAheadMs: v.optional(
    v.pipe(v.number(), v.integer('a whole number of milliseconds'), v.minValue(0, 'at least 0 ms')),
    0,
  ),
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
  /** Whether a second provider is asked besides one that keeps silent. */
  hedge: v.optional(v.boolean(), true),
  timers: v.optional(timersSchema, {}),
  /** How much is lost when one of its requests is turned away; of key, tier and route the lowest counts. */
  criticality: v.optional(criticality),
  /** Keeps answers; without it, none is kept. */
  cache: v.optional(cacheSchema),
})

const keySchema = v.strictObject({
  /** Secret that holds the key which the app sends. */
  secretFrom: environmentName,
  /** Routes that this key may use; all of them when left out. */
  routes: v.optional(v.array(identifier)),
  /** The tier of the account that it belongs to. */
  tier: v.optional(identifier),
  ...allowanceEntries,
  /** The tenant that this key speaks for, where it speaks for one alone; else requests name theirs in a header. */
  tenant: v.optional(tenantName),
})

/** What all keys of a tier share. */
const tierSchema = v.strictObject(allowanceEntries)

/** A browser's key is no secret: it stands in the page. What it may do is post browser events, from these origins. */
const browserKeySchema = v.strictObject({
  /** Variable that holds the key, such as `pk_…`. */
  keyFrom: environmentName,
  /** Origins of the pages; a port of `*` stands for any, for development. */
  origins: v.pipe(
    v.array(
      v.pipe(
        v.string(),
        v.regex(
          /^https?:\/\/([a-z0-9.-]+|\[[0-9a-f:]+\])(:(\d+|\*))?$/,
          'an origin, such as "https://app.example.com" or "http://127.0.0.1:*"',
        ),
      ),
    ),
    v.minLength(1, 'at least one origin'),
  ),
})

const operatorSchema = v.strictObject({
  /** Secret that holds the operator's token. */
  tokenFrom: environmentName,
})

const webhookSchema = v.strictObject({
  /** Secret that holds the address, since many a service puts its key there. The webhook takes part where it is set. */
  urlFrom: environmentName,
  /** Secret that signs each delivery, as standardwebhooks.com describes: `whsec_` and 24 to 64 bytes in base64. */
  secretFrom: environmentName,
})

/** Neither never nor always: the test weighs one against the other by their logarithms. */
const lateShare = v.pipe(v.number(), v.minValue(0.001, 'at least 0.001'), v.maxValue(0.999, 'at most 0.999'))
const few = v.pipe(v.number(), v.integer('a whole number'), v.minValue(1, 'at least 1'))

/** What `ttfvt-breach` does when, and what it calls well again. */
const ttfvtBreachSchema = v.strictObject({
  /** So many late first tokens in a row are a suspicion: reason enough for what can be taken back at once. */
  suspectAfter: v.optional(few, 3),
  /** The part of late first tokens that is usual, and the one that is a fault: between them the test decides. */
  usualLate: v.optional(lateShare, 0.05),
  faultyLate: v.optional(lateShare, 0.5),
  /** How sure the test has to be, as the natural logarithm of the odds; 15 errs once in some millions of requests. */
  proof: v.optional(v.pipe(v.number(), v.minValue(1, 'at least 1')), 15),
  /** Well again: the 95th percentile below this, over so many requests, within so long. */
  restoredBelowMs: v.optional(durationMs, 400),
  restoredSamples: v.optional(few, 20),
  restoredWithinMs: v.optional(durationMs, 30_000),
  /** What an action sets is gone after this unless it is renewed. */
  leaseMs: v.optional(v.pipe(durationMs, v.minValue(1_000, 'at least 1,000 ms')), 60_000),
  /** How old a sample of another provider may be for all traffic to move there at once. */
  freshMs: v.optional(durationMs, 30_000),
  /** Where there is none so young, half the traffic moves first, and the rest after this or the first good sample. */
  rampInMs: v.optional(durationMs, 1_000),
  /** How often the provider that was left is asked a small question of our own. */
  probeEveryMs: v.optional(v.pipe(durationMs, v.minValue(50, 'at least 50 ms')), 2_000),
  /** So many good answers in a row before its traffic comes back. */
  recoveredAfter: v.optional(few, 5),
  /** How long each step of its return takes: 1, 5 and 25 % of its traffic. */
  failBackStepMs: v.optional(durationMs, 10_000),
})

export const configSchema = v.strictObject({
  providers: v.record(identifier, providerSchema),
  models: v.record(identifier, modelSchema),
  routes: v.record(identifier, routeSchema),
  keys: v.record(identifier, keySchema),
  tiers: v.optional(v.record(identifier, tierSchema), {}),
  browserKeys: v.optional(v.record(identifier, browserKeySchema), {}),
  operators: v.optional(v.record(identifier, operatorSchema), {}),
  /** Regions whose health is kept apart; everything else is one more. None: one health for the whole world. */
  regions: v.optional(v.array(v.picklist(REGIONS)), []),
  playbooks: v.optional(v.strictObject({ 'ttfvt-breach': v.optional(ttfvtBreachSchema, {}) }), {}),
  notify: v.optional(v.strictObject({ webhooks: v.optional(v.record(identifier, webhookSchema), {}) }), {}),
  limits: v.optional(
    v.strictObject({
      /** Largest request body, in bytes. */
      bodyBytes: v.optional(bytesUpTo(100_000_000), 8_388_608),
      /** Largest unstreamed answer and largest single event of a stream, in bytes. */
      answerBytes: v.optional(bytesUpTo(33_554_432), 4_194_304),
      /** How long a request's body may take to arrive. */
      bodyMs: v.optional(durationMs, 30_000),
      /** Requests that an isolate works on at once on one route: where it begins, and how far it may learn. */
      inFlight: v.optional(
        v.strictObject({
          initial: v.optional(requestsUpTo(100_000), 1_000),
          min: v.optional(requestsUpTo(100_000), 200),
          max: v.optional(requestsUpTo(100_000), 5_000),
        }),
        {},
      ),
    }),
    {},
  ),
})

export type WireName = v.InferOutput<typeof wireNameSchema>
export type Region = (typeof REGIONS)[number]
export type ConfigInput = v.InferInput<typeof configSchema>
export type Config = v.InferOutput<typeof configSchema>
export type ProviderConfig = Config['providers'][string]
export type ModelConfig = Config['models'][string]
export type AllowanceConfig = Config['tiers'][string]
export type RouteConfig = Config['routes'][string]
export type TtfvtBreachPolicy = Config['playbooks']['ttfvt-breach']
