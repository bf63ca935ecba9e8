import { rankWithin, type Shares, type ShareSnapshot } from '@paceline/core'
import type { Candidate, Candidates } from '../candidate.ts'
import type { Problem } from '../problem.ts'
import type { Route } from '../setup.ts'
import type { ChatRequest } from '../wire/conversation.ts'
import type { Wire } from '../wire/wire.ts'

/** Candidates that can serve a request, best first, and whether health permits any of them at all. */
export interface Selection {
  readonly candidates: Candidates
  readonly permitted: boolean
  /** The first one is tried only to see whether it is well again: another attempt should start together with it. */
  readonly trickle: boolean
}

/**
 * Who could answer this request, in the order in which to ask.
 *
 * @param caps by route and candidate: the directives' say about the traffic
 */
export function select(
  request: ChatRequest,
  wire: Wire,
  route: Route,
  shares: ShareSnapshot,
  caps: Shares,
  random: () => number,
): Selection | Problem {
  if (route.candidates.length === 0) return notConfigured(route)
  const [first, ...others] = route.candidates.filter((candidate) => canServe(candidate, request, wire))
  if (first === undefined) return notCapable(request, wire)
  const { order, permitted, trickle } = rankWithin(
    [first, ...others],
    shares,
    Object.hasOwn(caps, route.name) ? caps[route.name] : undefined,
    route.order,
    random,
  )
  return { candidates: order, permitted, trickle }
}

function canServe({ capabilities, wire }: Candidate, { needs }: ChatRequest, callerWire: Wire): boolean {
  if (needs.tools && !capabilities.tools) return false
  if (needs.images && !capabilities.images) return false
  if (needs.jsonSchema && !capabilities.jsonSchema) return false
  return wire === callerWire || needs.untranslatable().length === 0
}

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

function notCapable({ needs }: ChatRequest, wire: Wire): Problem {
  const wants = [
    ...(needs.tools ? ['tools'] : []),
    ...(needs.images ? ['images'] : []),
    ...(needs.jsonSchema ? ['a JSON schema for the answer'] : []),
    ...needs
      .untranslatable()
      .map((field) => `'${field}' (known to providers of the ${wire.name} format alone)`),
  ]
  return {
    status: 400,
    code: 'no_capable_candidate',
    message: `No provider of this model can serve everything that the request asks for: ${wants.join(', ')}. Leave it out, or ask another model.`,
    param: needs.untranslatable()[0] ?? null,
    retryable: false,
  }
}
