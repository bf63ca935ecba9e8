import type {
  Config,
  Criticality,
  LimitBounds,
  ModelConfig,
  ProviderConfig,
  RouteConfig,
} from '@paceline/core'
import { Receipts } from '../receipt/receipts.ts'
import { allowanceOf, type Allowance } from './admit/allowance.ts'
import type { Candidate, Endpoint, PhaseTimes } from './candidate.ts'
import { anthropicWire } from './wire/anthropic/wire.ts'
import { geminiWire } from './wire/gemini/wire.ts'
import { openAiWire } from './wire/openai/wire.ts'
import type { HttpWire } from './wire/wire.ts'
import { isAiBinding } from './wire/workers-ai/ask-binding.ts'
import { workersAiWire } from './wire/workers-ai/wire.ts'

const HTTP_WIRES: Readonly<Record<Exclude<ProviderConfig['wire'], 'workers-ai'>, HttpWire>> = {
  openai: openAiWire,
  anthropic: anthropicWire,
  gemini: geminiWire,
}

/** A configuration joined with the secrets of its environment: everything a request needs, looked up once. */
export interface Setup {
  readonly routes: readonly Route[]
  readonly keys: readonly AppKey[]
  /** Who may look into incidents and the audit. */
  readonly operators: readonly Secret[]
  readonly bodyBytes: number
  readonly bodyMs: number
  readonly inFlight: LimitBounds
  /** What proves calls to those who tell of them; null where no secret is set for it, or no page could tell. */
  readonly receipts: Receipts | null
}

export interface Route extends Omit<RouteConfig, 'candidates'> {
  readonly name: string
  /** The candidates whose provider has its key and address here. */
  readonly candidates: readonly Candidate[]
  /** The variables that would bring in the others. */
  readonly missing: readonly string[]
  readonly answerBytes: number
}

/** What somebody has to know to be let in. */
export interface Secret {
  readonly secret: Uint8Array
}

export interface AppKey extends Secret {
  /** As the configuration names it. */
  readonly name: string
  /** Names of the routes that it opens; null for all. */
  readonly routes: readonly string[] | null
  /** What key and tier say of its requests' class, as far as they do. */
  readonly criticalities: readonly Criticality[]
  /** Everything that limits how much it may ask for. */
  readonly allowances: readonly Allowance[]
  /** The tenant that it speaks for; null where its requests name theirs. */
  readonly tenant: string | null
}

type Environment = Readonly<Record<string, unknown>>

export function setUp(config: Config, environment: Environment): Setup {
  return {
    routes: Object.entries(config.routes).map(([name, route]) => toRoute(name, route, config, environment)),
    keys: Object.entries(config.keys).flatMap(([name, key]) =>
      toSecret(text(environment, key.secretFrom)).map((known) => toKey(name, known, key, config)),
    ),
    operators: Object.values(config.operators).flatMap(({ tokenFrom }) =>
      toSecret(text(environment, tokenFrom)),
    ),
    bodyBytes: config.limits.bodyBytes,
    bodyMs: config.limits.bodyMs,
    inFlight: config.limits.inFlight,
    receipts: receiptsOf(config, environment),
  }
}

function receiptsOf({ browserKeys }: Config, environment: Environment): Receipts | null {
  const secret = text(environment, 'PACELINE_SECRET')
  // Sealing costs some 0.1 ms of computing for each attempt: not for nobody.
  const isTold = Object.values(browserKeys).some(({ keyFrom }) => text(environment, keyFrom) !== null)
  return secret === null || !isTold
    ? null
    : new Receipts(secret, text(environment, 'PACELINE_SECRET_PREVIOUS'))
}

const toSecret = (secret: string | null): Secret[] =>
  secret === null ? [] : [{ secret: new TextEncoder().encode(secret) }]

function toKey(name: string, { secret }: Secret, key: Config['keys'][string], { tiers }: Config): AppKey {
  const tier = key.tier === undefined ? undefined : tiers[key.tier]
  return {
    name,
    secret,
    routes: key.routes ?? null,
    tenant: key.tenant ?? null,
    criticalities: [key.criticality ?? [], tier?.criticality ?? []].flat(),
    allowances: [
      ...allowanceOf('key', name, key),
      ...(key.tier === undefined || tier === undefined ? [] : allowanceOf('tier', key.tier, tier)),
    ],
  }
}

function toRoute(name: string, route: RouteConfig, config: Config, environment: Environment): Route {
  const parts = route.candidates.flatMap((id) => {
    const model = config.models[id]
    const provider = model === undefined ? undefined : config.providers[model.provider]
    if (model === undefined || provider === undefined) return []
    const missing = missingVariables(provider, environment)
    return [
      missing.length > 0 ? { missing } : { candidate: toCandidate(id, model, provider, route, environment) },
    ]
  })
  return {
    ...route,
    name,
    candidates: parts.flatMap((part) => ('candidate' in part ? [part.candidate] : [])),
    missing: parts.flatMap((part) => ('missing' in part ? part.missing : [])),
    answerBytes: config.limits.answerBytes,
  }
}

/** Variables and bindings that are not set, or hold what they should not. */
function missingVariables(provider: ProviderConfig, environment: Environment): string[] {
  const { binding, keyFrom, baseUrlFrom } = provider
  if (binding !== undefined) return isAiBinding(environment[binding]) ? [] : [binding]
  const missing = keyFrom !== undefined && text(environment, keyFrom) === null ? [keyFrom] : []
  if (baseUrlFrom === undefined) return missing
  const address = text(environment, baseUrlFrom)
  return address !== null && /^https?:/.test(address) && URL.canParse(address)
    ? missing
    : [...missing, baseUrlFrom]
}

function toCandidate(
  id: string,
  model: ModelConfig,
  provider: ProviderConfig,
  route: RouteConfig,
  environment: Environment,
): Candidate {
  return {
    id,
    provider: model.provider,
    ...toUpstream(provider, model.model, environment),
    model: {
      model: model.model,
      maxOutputTokens: model.maxOutputTokens,
      maxTokensField: model.maxTokensField,
    },
    contextTokens: model.contextTokens,
    timers: timesOf(model, route),
    ttfvtTargetMs: model.ttfvtTargetMs ?? route.ttfvtTargetMs,
    capabilities: model.capabilities,
  }
}

function toUpstream(
  provider: ProviderConfig,
  model: string,
  environment: Environment,
): Pick<Candidate, 'wire' | 'endpoint' | 'headers'> {
  const binding = environment[provider.binding ?? '']
  if (provider.wire === 'workers-ai') {
    if (!isAiBinding(binding)) throw new Error('A candidate was made without the binding that it needs.')
    return {
      wire: workersAiWire,
      endpoint: { kind: 'binding', binding },
      headers: inLowerCase(provider.headers),
    }
  }
  const wire = HTTP_WIRES[provider.wire]
  const base = (provider.baseUrl ?? text(environment, provider.baseUrlFrom ?? '') ?? '').replace(/\/+$/, '')
  const key = text(environment, provider.keyFrom ?? '')
  const endpoint: Endpoint = { kind: 'http', url: (stream) => base + wire.path(model, stream) }
  return {
    wire,
    endpoint,
    headers: inLowerCase({ ...provider.headers, ...(key === null ? {} : wire.credentials(key)) }),
  }
}

/** Of two names that differ in case alone the later counts, as it does where headers are set one by one. */
const inLowerCase = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

function timesOf({ timers: own }: ModelConfig, { timers }: RouteConfig): PhaseTimes {
  return {
    headersMs: own.headersMs ?? timers.headersMs,
    firstOutputMs: own.firstOutputMs ?? timers.firstOutputMs,
    gapMs: own.gapMs ?? timers.gapMs,
    answerMs: own.answerMs ?? timers.answerMs,
  }
}

function text(environment: Environment, name: string): string | null {
  const value = environment[name]
  return typeof value === 'string' && value !== '' ? value : null
}

/** The route that answers a model name: its own name first, then what routes accept. */
export function findRoute(routes: readonly Route[], model: string): Route | null {
  return (
    routes.find((route) => route.name === model) ??
    routes.find((route) => route.accepts.some((pattern) => matches(pattern, model))) ??
    null
  )
}

const matches = (pattern: string, model: string): boolean =>
  pattern.endsWith('*') ? model.startsWith(pattern.slice(0, -1)) : pattern === model
