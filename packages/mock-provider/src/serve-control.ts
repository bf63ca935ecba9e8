import * as v from 'valibot'
import { faultPlanSchema } from './fault/fault.ts'
import type { Exchange, Headers } from './http/exchange.ts'
import type { HttpRequest } from './http/http-request.ts'
import { sendProblem, type Problem } from './http/problem.ts'
import type { ProviderState } from './provider-state.ts'
import { settingsChangeSchema } from './settings.ts'

type Reply =
  | { readonly json: unknown }
  | { readonly problem: Problem; readonly headers?: Headers }
  | 'no content'

type Route = (request: HttpRequest, state: ProviderState) => Reply

const routes: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  '/control': { GET: (_, state) => ({ json: describeState(state) }) },
  '/control/fault': {
    PUT: (request, state) =>
      withBody(request, faultPlanSchema, (faults) => {
        state.setPlan(faults)
        return { json: state.plan }
      }),
    DELETE: (_, state) => {
      state.setPlan(null)
      return 'no content'
    },
  },
  '/control/attempts': {
    GET: (_, state) => ({ json: { attempts: state.attempts.all() } }),
    DELETE: (_, state) => {
      state.attempts.clear()
      return 'no content'
    },
  },
  '/control/settings': {
    PATCH: (request, state) =>
      withBody(request, settingsChangeSchema, (change) => {
        state.configure(change)
        return { json: state.settings }
      }),
  },
}

/** Answers `/control…`: the provider's state, faults, attempts and settings for other processes. */
export async function serveControl(
  request: HttpRequest,
  exchange: Exchange,
  state: ProviderState,
): Promise<void> {
  const reply = refuseBrowsers(request) ?? route(request, state)
  if (reply === 'no content') {
    await exchange.sendHead(204, {}, { contentLength: 0 })
    return
  }
  if ('problem' in reply) return sendProblem(exchange, reply.problem, reply.headers)
  const body = Buffer.from(JSON.stringify(reply.json))
  await exchange.sendHead(200, { 'content-type': 'application/json' }, { contentLength: body.length })
  await exchange.sendBody(body)
}

function route(request: HttpRequest, state: ProviderState): Reply {
  const methods = routes[request.path]
  if (methods === undefined) {
    const detail = `There is no ${request.path}. Try ${Object.keys(routes).join(', ')}.`
    return { problem: { status: 404, title: 'Not found', detail } }
  }
  const found = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined
  if (found !== undefined) return found(request, state)
  const allow = Object.keys(methods).join(', ')
  const detail = `${request.path} takes ${allow}, not ${request.method}.`
  return { problem: { status: 405, title: 'Method not allowed', detail }, headers: { allow } }
}

/** A page of some web site must not be able to read or steer a provider on the visitor's machine. */
function refuseBrowsers({ headers, method }: HttpRequest): Reply | null {
  const host = (headers.get('host') ?? '').replace(/:\d+$/, '')
  if (!/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(host)) {
    return forbidden(
      `The host "${host}" is not a loopback address. Call the provider by the address that it printed.`,
    )
  }
  if (method !== 'GET' && headers.has('origin')) {
    return forbidden(
      'Changes from a web page are refused. Make the call from a program, without an origin header.',
    )
  }
  return null
}

function forbidden(detail: string): Reply {
  return { problem: { status: 403, title: 'Forbidden', detail } }
}

function withBody<Output>(
  request: HttpRequest,
  schema: v.GenericSchema<unknown, Output>,
  use: (value: Output) => Reply,
): Reply {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    const detail = `The body is "${type}". Send it with content-type: application/json.`
    return { problem: { status: 415, title: 'Unsupported media type', detail } }
  }
  let body: unknown
  try {
    body = JSON.parse(request.body.toString())
  } catch (error) {
    return { problem: { status: 400, title: 'Not JSON', detail: `The body is not JSON: ${String(error)}` } }
  }
  const result = v.safeParse(schema, body)
  if (result.success) return use(result.output)
  const errors = result.issues.map((issue) => ({ pointer: pointerTo(issue), detail: issue.message }))
  const detail = `Correct the body at ${errors.map(({ pointer }) => `"${pointer}"`).join(', ')}; "" is the whole.`
  return { problem: { status: 422, title: 'The body is not what this endpoint takes', detail, errors } }
}

function pointerTo(issue: v.BaseIssue<unknown>): string {
  const keys = (issue.path ?? []).map(({ key }) => String(key).replaceAll('~', '~0').replaceAll('/', '~1'))
  return keys.map((key) => `/${key}`).join('')
}

function describeState(state: ProviderState): object {
  return {
    name: state.name,
    startedAt: state.startedAt.toISOString(),
    nowMs: state.nowMs(),
    settings: state.settings,
    fault: state.plan,
    models: state.models,
    requiresKey: state.apiKey !== null,
    attempts: state.attempts.all().length,
  }
}
