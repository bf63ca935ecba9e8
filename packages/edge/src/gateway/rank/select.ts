import { rankWithin, shareFor, type Criticality, type Shares, type ShareSnapshot } from '@paceline/core'
import type { Candidate, Candidates } from '../candidate.ts'
import type { Problem } from '../problem.ts'
import type { Route } from '../setup.ts'
import type { ChatRequest } from '../wire/conversation.ts'
import type { CallerWire } from '../wire/wire.ts'

/** Candidates that can serve a request, best first, and whether health permits any of them at all. */
export interface Selection {
  readonly candidates: Candidates
  readonly permitted: boolean
  /** The first one is tried only to see whether it is well again: another attempt should start together with it. */
  readonly trickle: boolean
  /** Ids of those that are no help against slowness: slow themselves, or only to be asked when all others have failed. */
  readonly reserve: ReadonlySet<string>
}

/** What ranking goes by besides the request. */
export interface Outlook {
  readonly shares: ShareSnapshot
  /** By route and candidate: the directives' say about the traffic. */
  readonly caps: Shares
  readonly criticality: Criticality
  /** Whether a second attempt may start beside a slow one. */
  readonly mayHedge: boolean
  readonly random: () => number
}

/** Who could answer this request, in the order in which to ask. */
export function select(
  request: ChatRequest,
  wire: CallerWire,
  route: Route,
  { shares, caps, criticality, mayHedge, random }: Outlook,
): Selection | Problem {
  if (route.candidates.length === 0) return notConfigured(route)
  const [first, ...others] = route.candidates.filter((candidate) => canServe(candidate, request, wire))
  if (first === undefined) return notCapable(route, request, wire)
  const ofRoute = Object.hasOwn(caps, route.name) ? caps[route.name] : undefined
  const { order, ...ranking } = rankWithin([first, ...others], shares, ofRoute, route.order, random, {
    // Without another attempt beside it, whoever tries a slow candidate waits for it.
    avoidBrownOut: criticality === 'critical' || !mayHedge || route.maxAttempts < 2,
  })
  const reserve = [...order].filter(({ id }) => ofRoute?.[id]?.cap === 0 || shareFor(shares, id).brownOut)
  return { ...ranking, candidates: order, reserve: new Set(reserve.map(({ id }) => id)) }
}

function canServe(candidate: Candidate, request: ChatRequest, callerWire: CallerWire): boolean {
  const { capabilities, wire } = candidate
  const { needs } = request
  if (needs.tools && !capabilities.tools) return false
  if (needs.images && !capabilities.images) return false
  if (needs.jsonSchema && !capabilities.jsonSchema) return false
  if (wire.name === callerWire.name) return true
  return needs.untranslatable().length === 0 && unsayable(candidate, request).length === 0
}

const unsayable = ({ wire, model }: Candidate, { conversation, stream }: ChatRequest): readonly string[] =>
  wire.unsayable(conversation(), model, stream)

function notConfigured(route: Route): Problem {
  const variables = [...new Set(route.missing)].join(', ')
  return {
    status: 503,
    code: 'not_configured',
    message: `No provider of the model '${route.name}' is set up here. Its operator must set one of: ${variables}.`,
    param: 'model',
    retryable: false,
  }
}

function notCapable({ candidates }: Route, request: ChatRequest, wire: CallerWire): Problem {
  const { needs } = request
  const fields = needs.untranslatable()
  const others = candidates.filter((candidate) => candidate.wire.name !== wire.name)
  const words = fields.length > 0 ? [] : others.flatMap((candidate) => unsayable(candidate, request))
  const wants = [
    ...(needs.tools ? ['tools'] : []),
    ...(needs.images ? ['images'] : []),
    ...(needs.jsonSchema ? ['a JSON schema for the answer'] : []),
    ...new Set(words),
    ...fields.map((field) => `'${field}' (known to providers of the ${wire.name} format alone)`),
  ]
  return {
    status: 400,
    code: 'no_capable_candidate',
    message: `No provider of this model can serve everything that the request asks for: ${wants.join(', ')}. Leave it out, or ask another model.`,
    param: fields[0] ?? null,
    retryable: false,
  }
}
