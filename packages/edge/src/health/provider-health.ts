import { DurableObject } from 'cloudflare:workers'
import {
  forgiven,
  isNewer,
  isTelling,
  recordSample,
  serverDirectivesSchema,
  type Report,
  type Sample,
  type ServerDirectives,
  type Shares,
  type Version,
} from '@paceline/core'
import * as v from 'valibot'
import type { Coordinator } from '../coordinator/coordinator.ts'
import { DirectiveView, type HeldDirectives } from '../directives/directive-view.ts'
import type { DueProbe, HealthAnswer } from './health-view.ts'
import { countsSchema, Ledger, type Counts } from '../metrics/ledger.ts'
import type { Measured } from '../metrics/serve-metrics.ts'
import { storedCount, storedValue } from '../stored-value.ts'
import { HealthStore } from './health-store.ts'
import { DEFAULT_REGION } from './region.ts'
import { Summaries } from './summaries.ts'

/** How long summaries wait for more: while nothing is wrong, and while an incident is being handled. */
const FORWARD = { calmMs: 1_000, alertMs: 200, restMs: 1_000 } as const
/** Sooner than an idle object is put away. */
const KEEP_COUNTS_MS = 2_000
/** Nobody who reports something late waits longer than this for what the coordinator makes of it. */
const DECISION_MS = 200
/** Numbers of reports are set aside this many at a time, so that not every report costs a write. */
const STRIDE = 1_000
/** A coordinator that has not answered by then is out. */
const COORDINATOR_MS = 3_000

interface Bindings {
  readonly COORDINATOR: DurableObjectNamespace<Coordinator>
}

/** Candidates on the last steps of their way back: who has come so far was answered for by measure. */
const returning = (shares: Shares): string[] =>
  capped(shares).flatMap(({ candidate, cap }) => (cap > 0 && cap < 0.5 ? [candidate] : []))

/** Candidates that have been asked small questions and now begin their way back: five good answers and more. */
const returnBegins = (before: Shares, after: Shares): string[] =>
  capped(after).flatMap(({ route, candidate, cap, probeEveryMs }) =>
    cap > 0 && probeEveryMs !== undefined && before[route]?.[candidate]?.cap === 0 ? [candidate] : [],
  )

const capped = (shares: Shares) =>
  Object.entries(shares).flatMap(([route, candidates]) =>
    Object.entries(candidates).map(([candidate, set]) => ({ route, candidate, ...set })),
  )

const isCapped = (shares: Shares, candidate: string): boolean =>
  Object.values(shares).some((candidates) => (candidates[candidate]?.cap ?? 1) < 1)

/**
 * The one writer of health in its region: isolates report samples, and each report is answered by every candidate's
 * share, by the directives, and by leases for the probes that are due. First outputs go on to the coordinator, added up.
 * Shares, breakers and directives outlive a restart; half-filled windows need not.
 */
export class ProviderHealth extends DurableObject<Bindings> {
  readonly #store: HealthStore
  readonly #directives = new DirectiveView()
  readonly #summaries = new Summaries()
  readonly #ledger = new Ledger()
  #countsAreKept = true
  /** When each probe that directives ask for was last given out, by route and candidate. */
  readonly #probedAt = new Map<string, number>()
  #forwarding: Promise<void> | null = null
  #forwardAt = 0
  #restUntil = 0
  #unsent: Report | null = null
  #sequence: number
  /** Up to here numbers are set aside; another life begins behind them. */
  #reserved: number

  constructor(state: DurableObjectState, environment: Bindings) {
    super(state, environment)
    const { kv } = state.storage
    this.#store = new HealthStore(state.storage, Date.now())
    // Starts at the clock, so that it grows even over the loss of everything that was stored.
    this.#reserved = storedCount(kv, 'sequence') ?? Date.now()
    this.#sequence = this.#reserved
    const counts = v.safeParse(countsSchema, storedValue(kv, 'counts'))
    if (counts.success) this.#ledger.add(counts.output)
    const directives = v.safeParse(serverDirectivesSchema, storedValue(kv, 'directives'))
    if (directives.success) {
      const now = Date.now()
      this.#directives.take({ directives: directives.output, ageMs: now - directives.output.issuedAt }, now)
    }
  }

  /** @param known the newest directives that the isolate has heard of */
  async report(samples: readonly Sample[], known: Version, counts: Counts = {}): Promise<HealthAnswer> {
    this.#ledger.add(counts)
    this.#keepCounts()
    const now = Date.now()
    const sameEpoch = known.epoch === this.#directives.version.epoch
    let late = false
    for (const sample of samples) {
      const isNews = sample.kind === 'first-output' && isTelling(this.#store.get(sample.candidate), sample)
      this.#store.change(sample.candidate, (health) => recordSample(health, sample, now), now)
      if (!isNews) continue
      // A version of another epoch is another version: nobody was routed by what this coordinator has said.
      this.#summaries.add(sameEpoch ? sample : { ...sample, directives: 0 })
      late ||= sample.late
    }
    const forwarded = this.#forward(late, now)
    // Whoever brings bad news takes the answer to it along.
    if (late) await Promise.race([forwarded, scheduler.wait(DECISION_MS)])
    return this.#answer(known, Date.now())
  }

  /** Takes newer directives from the coordinator. */
  publish(directives: ServerDirectives): void {
    if (!isNewer(directives, this.#directives.version)) return
    const now = Date.now()
    const before = this.#directives.inForce(now).shares
    this.#directives.take({ directives, ageMs: 0 }, now)
    const after = this.#directives.inForce(now).shares
    for (const candidate of returning(before))
      if (!isCapped(after, candidate)) this.#store.change(candidate, forgiven, now)
    // From here on the response measures how it does, and gives it its traffic by its own steps.
    for (const candidate of returnBegins(before, after)) this.#store.change(candidate, forgiven, now)
    this.ctx.storage.kv.put('directives', directives)
  }

  /** The directives for whoever only wants to read them. */
  held(): HeldDirectives {
    return this.#directives.held(Date.now())
  }

  /** Not with every report: a few seconds of counting may go with a life that ends by force. */
  #keepCounts(): void {
    if (!this.#countsAreKept) return
    this.#countsAreKept = false
    setTimeout(() => {
      this.ctx.storage.kv.put('counts', this.#ledger.counts)
      this.#countsAreKept = true
    }, KEEP_COUNTS_MS)
  }

  /** Figures for a scraper. */
  measured(): Pick<Measured, 'counts' | 'snapshot'> {
    return { counts: this.#ledger.counts, snapshot: this.#store.snapshot() }
  }

  #answer(known: Version, now: number): HealthAnswer {
    const { directives, ageMs } = this.#directives.held(now)
    const asked = capped(this.#directives.inForce(now).shares)
    const isAsked = (id: string): boolean =>
      asked.some(({ candidate, probeEveryMs }) => candidate === id && probeEveryMs !== undefined)
    const broken = this.#store.leaseProbes(isAsked, now)
    return {
      epoch: this.#store.epoch,
      snapshot: this.#store.snapshot(),
      probes: [...broken.map((candidate) => ({ candidate, route: null })), ...this.#wantedProbes(now)],
      directives: isNewer(directives, known) ? directives : null,
      directivesAgeMs: ageMs,
    }
  }

  #wantedProbes(now: number): DueProbe[] {
    const { shares } = this.#directives.inForce(now)
    return Object.entries(shares).flatMap(([route, candidates]) =>
      Object.entries(candidates).flatMap(([candidate, { probeEveryMs }]) => {
        const key = `${route} ${candidate}`
        if (probeEveryMs === undefined || now < (this.#probedAt.get(key) ?? 0) + probeEveryMs) return []
        this.#probedAt.set(key, now)
        return [{ candidate, route }]
      }),
    )
  }

  /** Hands summaries on, one report at a time; what comes meanwhile goes with the next. */
  async #forward(atOnce: boolean, now: number): Promise<void> {
    if (this.#forwarding !== null) {
      await this.#forwarding
      if (!atOnce) return
    }
    if (now < this.#restUntil || (!atOnce && now < this.#forwardAt)) return
    if (this.#unsent === null && this.#summaries.isEmpty) return
    this.#forwarding ??= this.#send().finally(() => {
      this.#forwarding = null
    })
    await this.#forwarding
  }

  async #send(): Promise<void> {
    // A report that failed may have arrived all the same: sent again as it was, it counts once.
    const again = this.#unsent !== null
    this.#unsent ??= this.#nextReport()
    const { COORDINATOR: objects } = this.env
    const coordinator = objects.get(objects.idFromName('default'))
    try {
      const answer = coordinator.observe(this.#unsent, this.#directives.version)
      const directives = await Promise.race([
        answer,
        scheduler.wait(COORDINATOR_MS).then(() => 'silent' as const),
      ])
      if (directives === 'silent') throw new Error('the coordinator does not answer')
      this.#unsent = null
      if (directives !== null) this.publish(directives)
      const alert = Object.keys(this.#directives.inForce(Date.now()).shares).length > 0
      this.#forwardAt = Date.now() + (alert ? FORWARD.alertMs : FORWARD.calmMs)
      // News that were gathered behind a report that had failed have waited long enough.
      if (again && !this.#summaries.isEmpty) await this.#send()
    } catch {
      // Health goes on without it, and what was seen is kept, added up, until it is back.
      this.#restUntil = Date.now() + FORWARD.restMs
    }
  }

  #nextReport(): Report {
    this.#sequence += 1
    if (this.#sequence > this.#reserved) {
      this.#reserved = this.#sequence + STRIDE
      this.ctx.storage.kv.put('sequence', this.#reserved)
    }
    const { shares } = this.#store.snapshot()
    return {
      from: `health:${this.ctx.id.name ?? DEFAULT_REGION}`,
      sequence: this.#sequence,
      observations: this.#summaries.take(),
      refusals: [],
      shares: Object.fromEntries(Object.entries(shares).map(([id, { share }]) => [id, share])),
    }
  }
}
