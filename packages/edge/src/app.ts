import type { Config, Sample, Version } from '@paceline/core'
import { Hono, type Context } from 'hono'
import { serveScript, type BrowserScript } from './browser-script/serve-script.ts'
import { Refresh } from './directives/refresh.ts'
import { openSocket, serveDirectives, serveKeys } from './directives/serve-directives.ts'
import { readStored } from './directives/stored-directives.ts'
import { rememberIngestSetup, rememberSetup, type Env } from './env.ts'
import { Gateway, type Host } from './gateway/gateway.ts'
import type { Problem } from './gateway/problem.ts'
import { respondProblem } from './gateway/account/respond.ts'
import { anthropicWire } from './gateway/wire/anthropic/wire.ts'
import { openAiWire } from './gateway/wire/openai/wire.ts'
import type { Wire } from './gateway/wire/wire.ts'
import { HealthView } from './health/health-view.ts'
import { DEFAULT_REGION, healthOf, rememberRegion } from './health/region.ts'
import { answerPreflight } from './ingest/cors.ts'
import { EventIntake, type IntakeHost } from './ingest/event-intake.ts'
import { listModels, showModel } from './list-models.ts'
import { framesOf, log } from './log.ts'
import { serveMetrics, type Measured } from './metrics/serve-metrics.ts'
import { serveOps } from './ops/serve-ops.ts'
import { servePurge } from './ops/serve-purge.ts'
import { problemDetails } from './problem-details.ts'

type Bindings = { Bindings: Env }

/** What a Worker may carry along besides its configuration. */
export interface WorkerParts {
  /** The module `@paceline/browser-sdk/drop-in`, to be served to pages. */
  readonly browserScript?: BrowserScript
}

/** Every address of the edge and who answers it. One gateway serves all requests of an isolate. */
export function createApp(config: Config, { browserScript }: WorkerParts = {}): Hono<Bindings> {
  const app = new Hono<Bindings>()
  const health = new HealthView()
  const refresh = new Refresh()
  const gateway = new Gateway(health)
  const setup = rememberSetup(config)
  const regionOf = rememberRegion(config.regions)
  const healthObject = ({ env, req }: Context<Bindings>) =>
    healthOf(env.PROVIDER_HEALTH, regionOf(req.raw.cf))
  const hostOf = (context: Context<Bindings>): Host => ({
    waitUntil: (work) => context.executionCtx.waitUntil(work),
    report: (samples, known, counts) => healthObject(context).report(samples, known, counts),
    heldDirectives: () => healthObject(context).held(),
    answers: context.env.ANSWERS ?? null,
    coldDirectives: () => readStored(context.env.DIRECTIVES, Date.now),
    leaseQuota: async (subject, request) => {
      const { QUOTA: objects } = context.env
      return objects.get(objects.idFromName(subject)).lease(request)
    },
  })
  const intake = new EventIntake()
  const ingestSetup = rememberIngestSetup(config, setup)

  for (const [path, wire] of [
    ['/v1/chat/completions', openAiWire],
    ['/v1/messages', anthropicWire],
  ] as const) {
    app.post(path, (context) => gateway.handle(context.req.raw, wire, setup(context.env), hostOf(context)))
    app.all(path, (context) => wrongMethod(context.req.method, 'POST', wire))
  }
  app.get('/v1/models', (context) => listModels(context.req.raw, setup(context.env)))
  app.get('/v1/models/:name', (context) =>
    showModel(context.req.raw, setup(context.env), context.req.param('name')),
  )
  app.all('/v1/models', (context) => wrongMethod(context.req.method, 'GET', openAiWire))
  app.get('/directives', async (context) => {
    const { env } = context
    await refresh.run(health.directives, () => healthObject(context).held(), Date.now)
    return serveDirectives(context.req.raw, health.directives, setup(env).keys, coordinatorOf(env))
  })
  app.get('/directives/keys', (context) => serveKeys(coordinatorOf(context.env)))
  app.get('/directives/socket', (context) =>
    openSocket(context.req.raw, setup(context.env).keys, coordinatorOf(context.env)),
  )
  app.get('/metrics', (context) => {
    const { env, req } = context
    const measure = async (region: string): Promise<Measured> => {
      const { counts, snapshot } = await healthOf(env.PROVIDER_HEALTH, region).measured()
      return { region, counts, snapshot }
    }
    return serveMetrics(req.raw, setup(env).operators, () =>
      Promise.all([DEFAULT_REGION, ...config.regions].map(measure)),
    )
  })
  app.post('/ops/api/cache/purge', (context) => {
    const { env, req } = context
    const namespace = env.ANSWERS ?? null
    return servePurge(req.raw, setup(env).operators, {
      reach: namespace === null ? 'this-isolate' : 'everywhere',
      purge: (tenant) => gateway.answers.purge(tenant, namespace),
    })
  })
  app.all('/ops/api/cache/purge', (context) =>
    problemDetails(notServed(context.req.method, 'POST'), { allow: 'POST' }),
  )
  app.get('/ops/api/*', (context) => {
    const { env } = context
    return serveOps(context.req.raw, setup(env).operators, coordinatorOf(env))
  })
  app.post('/events', (context) => {
    const { env, req } = context
    const witness = (shown: readonly Sample[]): void => {
      for (const sample of shown) health.note(sample)
      const host = hostOf(context)
      host.waitUntil(gateway.report(setup(env), host))
    }
    return intake.handle(req.raw, ingestSetup(env), intakeHostOf(env, health.directives.version, witness))
  })
  app.options('/events', (context) => answerPreflight(context.req.raw, ingestSetup(context.env)))
  app.all('/events', (context) =>
    problemDetails(notServed(context.req.method, 'POST'), { allow: 'POST, OPTIONS' }),
  )
  app.get('/paceline.js', (context) => serveScript(context.req.raw, browserScript, null))
  app.get('/:file{paceline-.+\\.js}', (context) => {
    const version = context.req.param('file').slice('paceline-'.length, -'.js'.length)
    return serveScript(context.req.raw, browserScript, version)
  })
  for (const path of [
    '/directives',
    '/directives/keys',
    '/directives/socket',
    '/paceline.js',
    '/metrics',
    '/ops/api/*',
  ])
    app.all(path, (context) => problemDetails(notServed(context.req.method, 'GET'), { allow: 'GET' }))
  app.notFound((context) => {
    const { path } = context.req
    const wire = wireOfPath(path)
    const problem = notFound(path)
    return wire === null ? problemDetails(problem) : respondProblem(problem, wire, null)
  })
  app.onError((error, context) => {
    log('gateway.bug', { name: error.name, stack: framesOf(error) })
    const wire = wireOfPath(context.req.path)
    return wire === null ? problemDetails(INTERNAL) : respondProblem(INTERNAL, wire, null)
  })
  return app
}

const intakeHostOf = (
  { EVENT_INGEST: objects }: Env,
  directives: Version,
  witness: IntakeHost['witness'],
): IntakeHost => ({
  witness,
  ingest: (batch) => objects.get(objects.idFromName(String(batch.shard))).ingest(batch),
  // Before anything is heard there is no version to name.
  directives: directives.epoch === 0 ? null : { epoch: directives.epoch, version: directives.version },
})

const coordinatorOf = ({ COORDINATOR: objects }: Env) => objects.get(objects.idFromName('default'))

/** The format that a caller at this path is likely to speak, also where the base URL has a slip. */
function wireOfPath(path: string): Wire | null {
  if (/\/messages\b/.test(path)) return anthropicWire
  return path.startsWith('/v1/') || path.endsWith('/chat/completions') ? openAiWire : null
}

function notFound(path: string): Problem {
  const slip = SLIPS.find(([pattern]) => pattern.test(path))?.[1]
  return {
    status: 404,
    code: 'not_found',
    message: `Nothing is served at ${path}. ${slip ?? 'This gateway answers POST /v1/chat/completions, POST /v1/messages, GET /v1/models, POST /events, GET /directives, GET /metrics and GET /paceline.js.'}`,
    param: null,
    retryable: false,
  }
}

const SLIPS: readonly (readonly [RegExp, string])[] = [
  [/^\/v1\/v1\/messages/, "Anthropic's clients add /v1 themselves: leave it off the base URL."],
  [/^\/v1\/v1\//, 'The base URL has /v1 twice.'],
  [/^\/(chat\/completions|models)/, "OpenAI's clients want /v1 at the end of the base URL."],
]

const wrongMethod = (method: string, allow: string, wire: Wire): Response =>
  respondProblem(notServed(method, allow), wire, null, { allow })

const notServed = (method: string, allow: string): Problem => ({
  status: 405,
  code: 'method_not_allowed',
  message: `${method} is not served here: use ${allow}.`,
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
