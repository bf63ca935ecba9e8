import { promptSizeOf } from '@paceline/core'
import { Warmth, type Hearsay } from '../directives/warmth.ts'
import { type HealthView, type DueProbe, type Report } from '../health/health-view.ts'
import { attempt } from './attempt/attempt.ts'
import { authenticate } from './parse/authenticate.ts'
import type { Answer, Call, Service } from './call.ts'
import type { Candidates } from './candidate.ts'
import { failOver } from './fail-over/fail-over.ts'
import { issueReceipts, receiptEntry } from './account/issue-receipts.ts'
import { probe } from './attempt/probe.ts'
import { invalid, isProblem, type Problem } from './problem.ts'
import { readBody } from './parse/read-body.ts'
import { reportHealth } from './account/report-health.ts'
import { respond, respondFailure, respondProblem } from './account/respond.ts'
import { select } from './rank/select.ts'
import { findRoute, type AppKey, type Route, type Setup } from './setup.ts'
import { sleep } from './sleep.ts'
import type { Wire } from './wire/wire.ts'

/** What one request brings along from the platform. */
export interface Host extends Hearsay {
  readonly report: Report
}

/**
 * One AI request from arrival to last byte. The order of the stages is the argument:
 *
 * - authenticate and parse: nothing is spent on a request that can't be answered
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
  readonly #ask: Service<Candidates, Answer>
  readonly #answer: Service<Candidates, Answer>
  readonly #warmth = new Warmth()

  constructor(health: HealthView) {
    this.#health = health
    this.#ask = reportHealth(health)(attempt)
    this.#answer = failOver({ random: Math.random, sleep })(issueReceipts(this.#ask))
  }

  async handle(request: Request, wire: Wire, setup: Setup, host: Host): Promise<Response> {
    const startedAt = Date.now()
    const key = authenticate(request.headers, setup.keys)
    if (isProblem(key)) return respondProblem(key, wire, null)
    const passed = passHeaders(request.headers, wire)
    const body = await readBody(request, setup.bodyBytes)
    if (!body.ok) return respondProblem(body.problem, wire, null)
    const parsed = wire.parseRequest(body.value, passed)
    if (!parsed.ok) return respondProblem(invalid(parsed.bad.message, parsed.bad.param), wire, null)
    const chat = parsed.value
    const route = permittedRoute(setup, key, chat.model)
    if (isProblem(route)) return respondProblem(route, wire, null)
    const { directives } = this.#health
    await this.#warmth.keep(this.#health, host, sleep, Date.now)
    const routedAt = Date.now()
    const selection = select(
      chat,
      wire,
      route,
      this.#health.shares,
      directives.inForce(routedAt).shares,
      Math.random,
    )
    if (isProblem(selection)) return respondProblem(selection, wire, null)

    const call: Call = {
      id: crypto.randomUUID(),
      route,
      wire,
      request: chat,
      promptSize: promptSizeOf(body.bytes),
      origin: 'gateway',
      directives: directives.followedAt(routedAt),
      passHeaders: passed,
      startedAt,
      maxAttempts: selection.permitted ? route.maxAttempts : 1,
      deadlineAt: startedAt + route.timers.totalMs,
      signal: request.signal,
      attempts: [],
      receipts: setup.receipts,
    }
    const outcome = await this.#answer(selection.candidates, call)
    if (!outcome.ok) {
      host.waitUntil(this.#report(setup, host))
      return respondFailure(outcome.failure, call)
    }
    const receipt = await call.receipt
    // The pending promise keeps the request's context alive, so that a caller who leaves is noticed.
    const ended = Promise.withResolvers<void>()
    const response = respond(outcome.value, call, () => ended.resolve())
    if (receipt) response.headers.append('server-timing', receiptEntry(receipt, directives.version))
    host.waitUntil(ended.promise.then(() => this.#report(setup, host)))
    // How soon it spoke is news at once; a long stream must not keep it back.
    if (outcome.value.kind === 'stream') host.waitUntil(this.#report(setup, host))
    return response
  }

  async #report(setup: Setup, host: Host): Promise<void> {
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

/** The caller's headers that belong to its format. */
function passHeaders(headers: Headers, wire: Wire): Record<string, string> {
  const passed = wire.callerHeaders.map((name) => [name, headers.get(name)] as const)
  return Object.fromEntries(passed.filter((entry): entry is readonly [string, string] => entry[1] !== null))
}
