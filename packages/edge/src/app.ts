import type { Config } from '@paceline/core'
import { Hono, type Context } from 'hono'
import { rememberSetup, type Env } from './env.ts'
import { Gateway, type Host } from './gateway/gateway.ts'
import type { Problem } from './gateway/problem.ts'
import { respondProblem } from './gateway/respond.ts'
import { anthropicWire } from './gateway/wire/anthropic/wire.ts'
import { openAiWire } from './gateway/wire/openai/wire.ts'
import type { Wire } from './gateway/wire/wire.ts'
import { listModels } from './list-models.ts'
import { log } from './log.ts'
import { problemDetails } from './problem-details.ts'

type Bindings = { Bindings: Env }

/** Every address of the edge and who answers it. One gateway serves all requests of an isolate. */
export function createApp(config: Config): Hono<Bindings> {
  const app = new Hono<Bindings>()
  const gateway = new Gateway()
  const setup = rememberSetup(config)

  for (const [path, wire] of [
    ['/v1/chat/completions', openAiWire],
    ['/v1/messages', anthropicWire],
  ] as const) {
    app.post(path, (context) => gateway.handle(context.req.raw, wire, setup(context.env), hostOf(context)))
    app.all(path, (context) => respondProblem(wrongMethod(context.req.method, 'POST'), wire, null))
  }
  app.get('/v1/models', (context) => listModels(context.req.raw, setup(context.env)))
  app.notFound((context) => {
    const { path } = context.req
    const wire = wireOfPath(path)
    const problem = notFound(path)
    return wire === null ? problemDetails(problem) : respondProblem(problem, wire, null)
  })
  app.onError((error, context) => {
    // The name only: messages may quote what users wrote.
    log('gateway.bug', { name: error.name, stack: error.stack?.split('\n').slice(1, 6) })
    const wire = wireOfPath(context.req.path)
    const problem = error instanceof RangeError ? TOO_DEEP : INTERNAL
    return wire === null ? problemDetails(problem) : respondProblem(problem, wire, null)
  })
  return app
}

function hostOf(context: Context<Bindings>): Host {
  return {
    waitUntil: (work) => context.executionCtx.waitUntil(work),
    report: async (samples) => {
      const { PROVIDER_HEALTH: objects } = context.env
      return objects.get(objects.idFromName('default')).report(samples)
    },
  }
}

function wireOfPath(path: string): Wire | null {
  if (path.startsWith('/v1/messages')) return anthropicWire
  return path.startsWith('/v1/') ? openAiWire : null
}

const notFound = (path: string): Problem => ({
  status: 404,
  code: 'not_found',
  message: `Nothing is served at ${path}. This gateway answers POST /v1/chat/completions, POST /v1/messages and GET /v1/models.`,
  param: null,
  retryable: false,
})

const wrongMethod = (method: string, allowed: string): Problem => ({
  status: 405,
  code: 'method_not_allowed',
  message: `${method} is not served here: use ${allowed}.`,
  param: null,
  retryable: false,
})

const INTERNAL: Problem = {
  status: 500,
  code: 'internal',
  message: 'The gateway failed on this request. The fault is ours; asking again may work.',
  param: null,
  retryable: true,
}

/** JSON nested so deep that writing it again outgrows the stack. */
const TOO_DEEP: Problem = {
  status: 400,
  code: 'invalid_request',
  message: 'The request body is nested too deeply. Send flatter JSON.',
  param: null,
  retryable: false,
}
