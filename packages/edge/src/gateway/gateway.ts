import { healthyP95, hedgeAfterMs, promptSizeOf, type Mode } from '@paceline/core'
import { Warmth, type Hearsay } from '../directives/warmth.ts'
import { type HealthView, type DueProbe, type Report } from '../health/health-view.ts'
import { Admission } from './admit/admission.ts'
import type { QuotaHost } from './admit/allowances.ts'
import { askOnce } from './attempt/attempt.ts'
import { AnswerCache } from './cache/answer-cache.ts'
import { cacheUse, type CacheHost } from './cache/cache-use.ts'
import { arrive } from './parse/arrive.ts'
import type { Answer, Attempt, Call, Service } from './call.ts'
import type { Candidate, Candidates } from './candidate.ts'
import { failOver } from './fail-over/fail-over.ts'
import { issueReceipts, receiptEntry } from './account/issue-receipts.ts'
import { hedge } from './hedge/hedge.ts'
import { Purse } from './purse.ts'
import { probe } from './attempt/probe.ts'
import { isProblem } from './problem.ts'
import { reportHealth } from './account/report-health.ts'
import { respond, respondFailure, respondProblem } from './account/respond.ts'
import { select } from './rank/select.ts'
import type { Setup } from './setup.ts'
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
 * One AI request from arrival to last byte, in ten stages. Their order is the argument:
 *
 * 1. parse: keys, sizes, types. Nothing is spent on a request that can't be answered.
 * 2. admit: before anything is looked up, since under pressure looking up is work, too.
 * 3. cache: around all that asks somebody, so that it can stand in when nobody answers; and around going on (9), so that
 *    those who share an answer share its mending.
 * 4. rank: who could answer, best first, by health and directives. Once for each request: all that follows keeps its order.
 * 5. attempt: asks one candidate, under phase timers, up to its first output.
 * 6. hedge: around attempts and inside failing over, so that two that run at once count as one step, whose failure comes
 *    when both have failed.
 * 7. fail over: the one place that decides about another try.
 * 8. commit: at the first output the answer goes out. Only a stream is left, and no retry can be expressed for it.
 * 9. splice: around the commit, since what it mends begins there. It asks by attempts of its own, past 6 and 7.
 * 10. account: who answered, after how many attempts, whether it is whole; receipts and health by attempt, so that losers
 *     and second tries count as well, and outside of attempts, so that they can't change one.
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
    const arrival = await arrive(request, wire, setup)
    if (isProblem(arrival)) return respondProblem(arrival, wire, null)
    const { key, route, chat, bytes } = arrival
    const cache = cacheUse(route, key, request.headers, bytes, host)
    if (cache !== null && isProblem(cache)) return respondProblem(cache, wire, null)
    const { directives } = this.#health
    await this.#warmth.keep(this.#health, host, sleep, Date.now)
    const { mode } = directives.inForce(Date.now())
    const outlook = { shares: this.#health.shares, mode, hasStandIn: cache !== null }
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
    const inForce = directives.inForce(routedAt)
    const mayHedge = chat.stream && route.hedge && HEDGING.has(inForce.mode)
    const selection = select(chat, wire, route, {
      shares: this.#health.shares,
      caps: inForce.shares,
      criticality: admitted.criticality,
      mayHedge,
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
      promptSize: promptSizeOf(bytes),
      origin: 'gateway',
      criticality: admitted.criticality,
      directives: directives.followedAt(routedAt),
      passHeaders: arrival.passHeaders,
      startedAt,
      maxAttempts: selection.permitted ? route.maxAttempts : 1,
      deadlineAt: startedAt + route.timers.totalMs,
      signal: request.signal,
      attempts: [],
      mayHedge,
      // Whoever shares an answer gets it as it comes, and has not said that.
      acceptsRestart: cache === null && /\brestart\b/.test(request.headers.get('paceline-accept') ?? ''),
      trickle: selection.trickle,
      reserve: selection.reserve,
      report: () => host.waitUntil(this.report(setup, host)),
      receipts: setup.receipts,
      cache,
    }
    const outcome = await this.#answer(selection.candidates, call).catch((bug: unknown) => {
      // Or one sort of request that meets it would fill the places of all others.
      admitted.over()
      throw bug
    })
    if (!outcome.ok) {
      admitted.over()
      this.#health.ledger.count('answers', outcome.failure.kind === 'client-left' ? 'left' : 'failed')
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
