import type { Config, ModelConfig, ProviderConfig, RouteConfig } from '@paceline/core'
import { Receipts } from '../receipt/receipts.ts'
import type { Candidate, PhaseTimes } from './candidate.ts'
import { anthropicWire } from './wire/anthropic/wire.ts'
import { openAiWire } from './wire/openai/wire.ts'
import type { Wire } from './wire/wire.ts'

const WIRES: Readonly<Record<ProviderConfig['wire'], Wire>> = { openai: openAiWire, anthropic: anthropicWire }

/** A configuration joined with the secrets of its environment: everything a request needs, looked up once. */
export interface Setup {
  readonly routes: readonly Route[]
  readonly keys: readonly AppKey[]
  /** Who may look into incidents and the audit. */
  readonly operators: readonly AppKey[]
  readonly bodyBytes: number
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

export interface AppKey {
  readonly secret: Uint8Array
  /** Names of the routes that it opens; null for all. */
  readonly routes: readonly string[] | null
}

type Environment = Readonly<Record<string, unknown>>

export function setUp(config: Config, environment: Environment): Setup {
  return {
    routes: Object.entries(config.routes).map(([name, route]) => toRoute(name, route, config, environment)),
    keys: Object.values(config.keys).flatMap(({ secretFrom, routes = null }) =>
      toKey(text(environment, secretFrom), routes),
    ),
    operators: Object.values(config.operators).flatMap(({ tokenFrom }) =>
      toKey(text(environment, tokenFrom), null),
    ),
    bodyBytes: config.limits.bodyBytes,
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

const toKey = (secret: string | null, routes: AppKey['routes']): AppKey[] =>
  secret === null ? [] : [{ secret: new TextEncoder().encode(secret), routes }]

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

/** Variables that are not set, or hold an address that is none. */
function missingVariables({ keyFrom, baseUrlFrom }: ProviderConfig, environment: Environment): string[] {
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
  const wire = WIRES[provider.wire]
  const base = provider.baseUrl ?? text(environment, provider.baseUrlFrom ?? '') ?? ''
  const key = text(environment, provider.keyFrom ?? '')
  return {
    id,
    provider: model.provider,
    wire,
    url: base.replace(/\/+$/, '') + wire.path,
    headers: inLowerCase({ ...provider.headers, ...(key === null ? {} : wire.credentials(key)) }),
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
