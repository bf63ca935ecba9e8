import { healthyP95, hedgeAfterMs, promptSizeOf, type Mode } from '@paceline/core'
import { Warmth, type Hearsay } from '../directives/warmth.ts'
import { type HealthView, type DueProbe, type Report } from '../health/health-view.ts'
import { Admission } from './admit/admission.ts'
import type { QuotaHost } from './admit/allowances.ts'
import { askOnce } from './attempt/attempt.ts'
import { AnswerCache } from './cache/answer-cache.ts'
import { cacheUse, type CacheHost } from './cache/cache-use.ts'
import { authenticate } from './parse/authenticate.ts'
import type { Answer, Attempt, Call, Service } from './call.ts'
import type { Candidate, Candidates } from './candidate.ts'
import { failOver } from './fail-over/fail-over.ts'
import { issueReceipts, receiptEntry } from './account/issue-receipts.ts'
import { hedge } from './hedge/hedge.ts'
import { Purse } from './purse.ts'
import { probe } from './attempt/probe.ts'
import { invalid, isProblem, type Problem } from './problem.ts'
import { readBody } from './parse/read-body.ts'
import { reportHealth } from './account/report-health.ts'
import { respond, respondFailure, respondProblem } from './account/respond.ts'
import { select } from './rank/select.ts'
import { findRoute, type AppKey, type Route, type Setup } from './setup.ts'
import { sleep } from './sleep.ts'
import { ReplayMemory } from './splice/replay-memory.ts'
import { splice } from './splice/splice.ts'
import type { Wire } from './wire/wire.ts'

/** What one request brings along from the platform. */
export interface Host extends Hearsay, QuotaHost, CacheHost {
  readonly report: Report
}

/** From `degraded` on, load counts for more than speed. */
const HEDGING = new Set<Mode>(['normal', 'conserving'])

/**
 * One AI request from arrival to last byte. The order of the stages is the argument:
 *
 * - authenticate and parse: nothing is spent on a request that can't be answered
 * - admit: within what key and tier allow, and under pressure the least important are turned away first
 * - cache: around everything that asks; a route without one passes it by
 * - rank: who could answer, best first, by health
 * - attempt: ask one, under phase timers, up to its first output
 * - fail over: around attempts, never inside: it alone decides about another try
 * - commit: at the first output the answer goes out, and no retry can be expressed any more
 * - account: with the answer, who gave it, after how many attempts, and whether it is whole
 *
 * Health reports stand inside failing over, so that every attempt counts, and outside attempting, so that they can't
 * change one.
 */
export class Gateway {
  readonly #health: HealthView
  readonly #ask: Service<Attempt, Answer>
  readonly #answer: Service<Candidates, Answer>
  readonly #warmth = new Warmth()
  /** Answers that are kept, and those under way that others may share. */
  readonly answers = new AnswerCache({ now: Date.now, sleep, random: Math.random })
  readonly #admission = new Admission({ now: Date.now, sleep, random: Math.random })

  constructor(health: HealthView) {
    this.#health = health
    this.#ask = issueReceipts(reportHealth(health)(askOnce))
    const purse = new Purse()
    const patienceMs = ({ id, ttfvtTargetMs }: Candidate, { promptSize }: Call): number =>
      hedgeAfterMs(healthyP95(health.shares, id, promptSize), ttfvtTargetMs)
    const hedged = hedge({ purse, patienceMs })(this.#ask)
    const settled = failOver({ purse, random: Math.random, sleep })(hedged)
    const spliced = splice({ purse, memory: new ReplayMemory(), ask: this.#ask })(settled)
    this.#answer = this.answers.around(spliced)
  }

  async handle(request: Request, wire: Wire, setup: Setup, host: Host): Promise<Response> {
    const startedAt = Date.now()
    const key = authenticate(request.headers, setup.keys)
    if (isProblem(key)) return respondProblem(key, wire, null)
    const passed = passHeaders(request.headers, wire)
    const body = await readBody(request, setup)
    if (!body.ok) return respondProblem(body.problem, wire, null)
    const parsed = wire.parseRequest(body.value, passed)
    if (!parsed.ok) return respondProblem(invalid(parsed.bad.message, parsed.bad.param), wire, null)
    const chat = parsed.value
    const route = permittedRoute(setup, key, chat.model)
    if (isProblem(route)) return respondProblem(route, wire, null)
    const cache = cacheUse(route, key, request.headers, body.bytes, host)
    if (cache !== null && isProblem(cache)) return respondProblem(cache, wire, null)
    const { directives } = this.#health
    await this.#warmth.keep(this.#health, host, sleep, Date.now)
    const { mode } = directives.inForce(Date.now())
    const outlook = { shares: this.#health.shares, mode }
    const admitted = await this.#admission.admit(
      { headers: request.headers, key, route },
      setup.inFlight,
      outlook,
      host,
    )
    if (isProblem(admitted)) {
      // Where everybody is turned away, this is how the isolate hears that candidates are well again.
      host.waitUntil(this.report(setup, host))
      return respondProblem(admitted, wire, null)
    }
    const routedAt = Date.now()
    const selection = select(chat, wire, route, {
      shares: this.#health.shares,
      caps: directives.inForce(routedAt).shares,
      criticality: admitted.criticality,
      random: Math.random,
    })
    if (isProblem(selection)) {
      admitted.over()
      return respondProblem(selection, wire, null)
    }

    const call: Call = {
      id: crypto.randomUUID(),
      route,
      wire,
      request: chat,
      promptSize: promptSizeOf(body.bytes),
      origin: 'gateway',
      criticality: admitted.criticality,
      directives: directives.followedAt(routedAt),
      passHeaders: passed,
      startedAt,
      maxAttempts: selection.permitted ? route.maxAttempts : 1,
      deadlineAt: startedAt + route.timers.totalMs,
      signal: request.signal,
      attempts: [],
      mayHedge: chat.stream && HEDGING.has(directives.inForce(routedAt).mode),
      // Whoever shares an answer gets it as it comes, and has not said that.
      acceptsRestart: cache === null && /\brestart\b/.test(request.headers.get('paceline-accept') ?? ''),
      trickle: selection.trickle,
      reserve: selection.reserve,
      report: () => host.waitUntil(this.report(setup, host)),
      receipts: setup.receipts,
      cache,
    }
    const outcome = await this.#answer(selection.candidates, call)
    if (!outcome.ok) {
      admitted.over()
      this.#health.ledger.count('answers', 'failed')
      host.waitUntil(this.report(setup, host))
      return respondFailure(outcome.failure, call)
    }
    const receipt = await outcome.value.receipt
    // The pending promise keeps the request's context alive, so that a caller who leaves is noticed.
    const ended = Promise.withResolvers<void>()
    const response = respond(outcome.value, call, (ending) => {
      admitted.over()
      this.#health.ledger.count('answers', ending)
      ended.resolve()
    })
    if (receipt) response.headers.append('server-timing', receiptEntry(receipt, directives.version))
    host.waitUntil(ended.promise.then(() => this.report(setup, host)))
    // How soon it spoke is news at once; a long stream must not keep it back.
    if (outcome.value.kind === 'stream') {
      admitted.learnFrom(call.attempts)
      host.waitUntil(this.report(setup, host))
    }
    return response
  }

  /** Tells health what this isolate has yet to tell, and asks the small questions that are then due. */
  async report(setup: Setup, host: Host): Promise<void> {
    const flush = (): Promise<readonly DueProbe[]> => this.#health.flush(host.report, sleep, Date.now)
    const due = await flush()
    if (due.length === 0) return
    await Promise.all(due.map((one) => this.#probe(one, setup)))
    await flush()
  }

  async #probe(due: DueProbe, setup: Setup): Promise<void> {
    const { candidate: id, route: name } = due
    const route = setup.routes.find(
      (one) =>
        (name === null || one.name === name) && one.candidates.some((candidate) => candidate.id === id),
    )
    const candidate = route?.candidates.find((one) => one.id === id)
    // A lease for a candidate that has left the configuration lapses by itself.
    if (route === undefined || candidate === undefined) return
    const generation = this.#health.generationOf(id)
    const version = this.#health.directives.followedAt(Date.now())
    // A provider that turns our question away is there to do so; the reports see no more than that nobody failed.
    if (await probe(candidate, route, version, this.#ask)) {
      this.#health.note({ kind: 'end', candidate: id, result: 'success', generation })
    }
  }
}

function permittedRoute(setup: Setup, key: AppKey, model: string): Route | Problem {
  const opens = (route: Route): boolean => key.routes === null || key.routes.includes(route.name)
  const route = findRoute(setup.routes, model)
  const known = setup.routes
    .filter(opens)
    .flatMap(({ name, accepts }) => [name, ...accepts].map((one) => `'${one}'`))
  const problem = { param: 'model', retryable: false } as const
  if (route === null) {
    const message = `This gateway knows no model of that name. It answers to: ${known.join(', ')}.`
    return { ...problem, status: 404, code: 'unknown_model', message }
  }
  if (opens(route)) return route
  const message = `This key does not open that model. It opens: ${known.join(', ')}.`
  return { ...problem, status: 403, code: 'route_forbidden', message }
}

/** The caller's headers that belong to its format. */
function passHeaders(headers: Headers, wire: Wire): Record<string, string> {
  const passed = wire.callerHeaders.map((name) => [name, headers.get(name)] as const)
  return Object.fromEntries(passed.filter((entry): entry is readonly [string, string] => entry[1] !== null))
}
