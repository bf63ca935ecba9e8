import { isNewer, lowered, type Criticality, type InForce, type Mode, type Variant } from '@paceline/core'
import { Admission } from './admission/admission.ts'
import { refusalFor } from './admission/refusal.ts'
import { routeRules, type RouteRules } from './admission/route-rules.ts'
import { systemClock, type Clock } from './clock.ts'
import { variantFor, type FeatureRule } from './degrade/variant.ts'
import { fetchKeys, type EdgeAddress } from './directives/edge-client.ts'
import { FollowedDirectives, type RefusedDirectives } from './directives/follow-directives.ts'
import { inForceAt, nothingHeld, type HeldDirectives } from './directives/held-directives.ts'
import { fetchedKeys, pinnedKeys } from './directives/key-source.ts'
import { isAtLeast } from './mode/effective-mode.ts'
import { LADDER } from './mode/ladder.ts'
import { ModeKeeper } from './mode/mode-keeper.ts'
import { pinFor } from './mode/pin-for.ts'
import { readOptions, type PacelineOptions, type Settings } from './options.ts'
import type { Arrival, ArrivingRequest, Paceline, PinOptions, Status } from './paceline.ts'
import { Coalescer } from './report/coalescer.ts'
import { Reporter } from './report/reporter.ts'
import { RequestHandle, type FeatureDesk } from './request-handle.ts'
import { warnOnce } from './warn.ts'

/**
 * Begins to take part: follows the edge where one is given, and watches the server's own load. Adapters for frameworks
 * are at `@paceline/server-middleware/express` and `/hono`.
 *
 * @throws {OptionsError} naming every option that is wrong, its value and the mend
 */
export function createPaceline<const Feature extends string = never>(
  options: PacelineOptions<Feature>,
): Paceline<Feature> {
  return new RunningPaceline<Feature>(readOptions(options), options.clock ?? systemClock)
}

const SHED_REPORT_MS = 10_000
/** The same thing is told once in this time. */
const REFUSED_AGAIN_MS = 60_000
const FAILED_AGAIN_MS = 1_000
/** The longest span that an event can tell of. */
const LONGEST_SPAN_MS = 3_600_000

class RunningPaceline<Feature extends string> implements Paceline<Feature> {
  readonly #clock: Clock
  readonly #warn = warnOnce()
  readonly #closing = new AbortController()
  readonly #admission: Admission
  readonly #criticalityOf: RouteRules<Criticality>
  readonly #isEssential: RouteRules<boolean>
  readonly #features: ReadonlyMap<string, FeatureRule>
  readonly #desk: FeatureDesk
  readonly #refusals = new Coalescer(REFUSED_AGAIN_MS)
  readonly #failures = new Coalescer(FAILED_AGAIN_MS)
  readonly #listeners = new Set<(status: Status) => void>()
  readonly #modes: ModeKeeper
  readonly #reporter: Reporter | null
  readonly #followed: FollowedDirectives | null
  #inForce: InForce
  #shedSince: number
  #cancelTick: () => void = () => undefined

  constructor(settings: Settings, clock: Clock) {
    this.#clock = clock
    this.#admission = new Admission(settings.limits, clock)
    this.#criticalityOf = routeRules(Object.entries(settings.routes), 'interactive')
    const essential = settings.essential.map((pattern) => [pattern, true] as const)
    this.#isEssential = routeRules(essential, false)
    this.#features = new Map(Object.entries(settings.features))
    this.#desk = this.#openDesk()
    this.#modes = this.#newModeKeeper()
    this.#inForce = inForceAt(nothingHeld, clock.now())
    this.#shedSince = clock.now()
    this.#reporter = settings.edge === null ? null : this.#newReporter(settings.edge, settings.name)
    this.#followed = settings.edge === null ? null : this.#newFollower(settings.edge, settings)
    this.#followed?.start()
    this.#tickLater()
  }

  arrive({ method, path, criticality }: ArrivingRequest): Arrival<Feature> {
    const counted = lowered(this.#criticalityOf(method, path), criticality)
    if (isAtLeast(this.#modes.mode, 'essential') && !this.#isEssential(method, path)) {
      this.#admission.countShed(counted)
      return { kind: 'refused', refusal: refusalFor('not-essential', this.#clock.random()) }
    }
    const permit = this.#admission.admit(counted)
    if (permit === null) return { kind: 'refused', refusal: refusalFor('overloaded', this.#clock.random()) }
    return { kind: 'admitted', permit, handle: new RequestHandle<Feature>(counted, this.#desk, permit) }
  }

  pin(mode: Mode, options: PinOptions): void {
    this.#modes.pin(pinFor(mode, options, this.#clock.now()))
  }

  unpin(): void {
    this.#modes.pin(null)
  }

  status(): Status {
    const now = this.#clock.now()
    const { local, global, pin } = this.#modes.opinions
    const { directives, source, receivedAt } = this.#held
    return {
      mode: {
        effective: this.#modes.mode,
        local,
        global,
        pin: pin === null ? null : { mode: pin.mode, reason: pin.reason, leftMs: pin.endsAt - now },
        latched: this.#modes.ladder.latched,
      },
      directives: {
        epoch: directives.epoch,
        version: directives.version,
        source,
        ageMs: source === 'none' ? null : now - receivedAt,
        stale: this.#inForce.stale,
      },
      edge: this.#followed && { connected: this.#followed.isConnected, problem: this.#followed.problem },
      admission: {
        limit: this.#admission.limit,
        inFlight: this.#admission.inFlight,
        pressure: this.#modes.ladder.pressure,
      },
      events: this.#reporter?.counts ?? { waiting: 0, lost: 0 },
    }
  }

  watch(listener: (status: Status) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async ready(): Promise<void> {
    await this.#followed?.ready
  }

  async close(): Promise<void> {
    this.#cancelTick()
    this.#closing.abort()
    await this.#followed?.close()
    this.#reportShed()
    await this.#reporter?.close()
    this.#listeners.clear()
  }

  get #held(): HeldDirectives {
    return this.#followed?.held ?? nothingHeld
  }

  #tickLater(): void {
    this.#cancelTick = this.#clock.after(LADDER.tickMs, () => {
      this.#tickLater()
      this.#tick()
    })
  }

  #tick(): void {
    const now = this.#clock.now()
    const wasStale = this.#inForce.stale
    // Leases run out by themselves, so what is in force changes without anybody's word.
    this.#inForce = inForceAt(this.#held, now)
    this.#modes.tick(this.#admission.tick(), this.#inForce.mode, now)
    if (wasStale !== this.#inForce.stale) this.#tellListeners()
    if (now - this.#shedSince >= SHED_REPORT_MS) this.#reportShed()
  }

  #takeDirectives(): void {
    this.#inForce = inForceAt(this.#held, this.#clock.now())
    this.#modes.follow(this.#inForce.mode, this.#clock.now())
    this.#tellListeners()
  }

  #tellListeners(): void {
    if (this.#listeners.size === 0) return
    const status = this.status()
    for (const listener of this.#listeners)
      try {
        listener(status)
      } catch (error) {
        // Called from timers and sockets, where what is thrown would end the process.
        this.#warn(`A listener of paceline.watch threw: ${String(error)}`)
      }
  }

  #variantOf(feature: string): Variant {
    const rule = this.#features.get(feature)
    if (rule === undefined)
      throw new Error(
        `No feature is called "${feature}": declare it in \`features\`, beside ${[...this.#features.keys()].join(', ') || 'none so far'}.`,
      )
    const { features } = this.#inForce
    const directive = Object.hasOwn(features, feature) ? features[feature] : undefined
    return variantFor(rule, this.#modes.mode, directive)
  }

  #reportShed(): void {
    const now = this.#clock.now()
    const counts = this.#admission.takeShed()
    const overMs = Math.min(now - this.#shedSince, LONGEST_SPAN_MS)
    this.#shedSince = now
    if (Object.values(counts).some((count) => count > 0))
      this.#reporter?.report('server.requests.shed', { ...counts, overMs })
  }

  #openDesk(): FeatureDesk {
    const mode = (): Mode => this.#modes.mode
    return {
      get mode() {
        return mode()
      },
      variantOf: (feature) => this.#variantOf(feature),
      now: () => this.#clock.now(),
      onFailure: (feature, { variant }, tookMs) => {
        const afterMs = Math.min(tookMs, LONGEST_SPAN_MS)
        if (this.#failures.passes(`${feature} ${variant}`, this.#clock.now()))
          this.#reporter?.report('server.feature.failed', { feature, variant, afterMs })
      },
    }
  }

  #newModeKeeper(): ModeKeeper {
    return new ModeKeeper({
      onModeChanged: (change) => this.#reporter?.report('server.mode.changed', change),
      onOpinionChanged: () => this.#tellListeners(),
      onLatched: (mode) =>
        this.#warn(
          `Paceline’s load ladder goes up and down too often and stays at ${mode} for some minutes: the server’s capacity is too close to its load.`,
        ),
    })
  }

  #newReporter(address: EdgeAddress, name: string): Reporter {
    return new Reporter({
      address,
      name,
      clock: this.#clock,
      warn: this.#warn,
      onNewest: (version) => {
        if (isNewer(version, this.#held.directives)) this.#followed?.hurry()
      },
    })
  }

  #newFollower(address: EdgeAddress, { publicKeys, statePath }: Settings): FollowedDirectives {
    const fetched = () => fetchedKeys(() => fetchKeys(address, this.#closing.signal), this.#clock)
    return new FollowedDirectives({
      address,
      keys: publicKeys === null ? fetched() : pinnedKeys(publicKeys),
      clock: this.#clock,
      statePath,
      warn: this.#warn,
      onChange: () => this.#takeDirectives(),
      onRefused: (refused) => this.#reportRefused(refused),
    })
  }

  #reportRefused(refused: RefusedDirectives): void {
    if (this.#refusals.passes(refused.reason, this.#clock.now()))
      this.#reporter?.report('directive.refused', refused)
  }
}
