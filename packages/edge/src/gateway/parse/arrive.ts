import { invalid, isProblem, type Problem } from '../problem.ts'
import { findRoute, type AppKey, type Route, type Setup } from '../setup.ts'
import type { ChatRequest } from '../wire/conversation.ts'
import type { CallerWire } from '../wire/wire.ts'
import { authenticate } from './authenticate.ts'
import { readBody } from './read-body.ts'

/** A request that may be worked on: who sent it, what it asks, and of which route. */
export interface Arrival {
  readonly key: AppKey
  readonly route: Route
  readonly chat: ChatRequest
  /** Size of its body. */
  readonly bytes: number
  /** The caller's headers that belong to its format. */
  readonly passHeaders: Readonly<Record<string, string>>
}

/** Keys, sizes and types, before anything is spent on a request. */
export async function arrive(request: Request, wire: CallerWire, setup: Setup): Promise<Arrival | Problem> {
  const key = authenticate(request.headers, setup.keys)
  if (isProblem(key)) return key
  const passHeaders = passedOn(request.headers, wire)
  const body = await readBody(request, setup)
  if (!body.ok) return body.problem
  const parsed = wire.parseRequest(body.value, passHeaders)
  if (!parsed.ok) return invalid(parsed.bad.message, parsed.bad.param)
  const route = permittedRoute(setup, key, parsed.value.model)
  return isProblem(route) ? route : { key, route, chat: parsed.value, bytes: body.bytes, passHeaders }
}

function permittedRoute(setup: Setup, key: AppKey, model: string): Route | Problem {
  const opens = (route: Route): boolean => key.routes === null || key.routes.includes(route.name)
  const route = findRoute(setup.routes, model)
  if (route !== null && opens(route)) return route
  const known = setup.routes
    .filter(opens)
    .flatMap(({ name, accepts }) => [name, ...accepts].map((one) => `'${one}'`))
    .join(', ')
  const problem = { param: 'model', retryable: false } as const
  if (route === null) {
    const message = `This gateway knows no model of that name. It answers to: ${known}.`
    return { ...problem, status: 404, code: 'unknown_model', message }
  }
  const message = `This key does not open that model. It opens: ${known}.`
  return { ...problem, status: 403, code: 'route_forbidden', message }
}

function passedOn(headers: Headers, wire: CallerWire): Record<string, string> {
  const passed = wire.callerHeaders.map((name) => [name, headers.get(name)] as const)
  return Object.fromEntries(passed.filter((entry): entry is readonly [string, string] => entry[1] !== null))
}
