import {
  leaseDueProbe,
  newCandidateHealth,
  shareOf,
  type CandidateHealth,
  type CandidateShare,
  type ShareSnapshot,
} from '@paceline/core'
import * as v from 'valibot'
import { storedCount } from '../stored-value.ts'
import { candidateHealthSchema } from './stored-health.ts'

/** Candidates come from the configuration; more than this many can only be a fault. */
const MOST_CANDIDATES = 1_000
/** What is learnt changes with every window; losing a minute of it is nothing beside hours. */
const KEEP_LEARNT_MS = 60_000

/**
 * The health of every candidate, kept over restarts as far as anybody was told of it: a share, a breaker or a healthy
 * percentile that changes is written at once, what was learnt without changing them once a minute, and half-filled
 * windows not at all.
 */
export class HealthStore {
  readonly epoch: number
  readonly #kv: DurableObjectStorage['kv']
  readonly #candidates = new Map<string, CandidateHealth>()
  /** What was last said of each: it is asked for with every report, and changes with few. */
  readonly #shares = new Map<string, CandidateShare>()
  readonly #keptAt = new Map<string, number>()
  #version: number

  constructor({ kv }: Pick<DurableObjectStorage, 'kv'>, now: number) {
    this.#kv = kv
    const [epoch, version] = [storedCount(kv, 'epoch'), storedCount(kv, 'version')]
    // Without one of them the other orders nothing.
    const isOrdered = epoch !== null && version !== null
    this.epoch = isOrdered ? epoch : now
    this.#version = isOrdered ? version : 0
    for (const [key, stored] of listed(kv)) {
      const health = v.safeParse(candidateHealthSchema, stored)
      // What another version stored in another shape is worth less than a fresh start.
      if (!health.success) continue
      const id = key.slice('candidate:'.length)
      this.#candidates.set(id, health.output)
      this.#shares.set(id, shareOf(health.output))
    }
  }

  get(id: string): CandidateHealth {
    return this.#candidates.get(id) ?? newCandidateHealth()
  }

  change(id: string, change: (health: CandidateHealth) => CandidateHealth, now: number): void {
    const known = this.#candidates.get(id)
    if (known === undefined && this.#candidates.size >= MOST_CANDIDATES) return
    const before = known ?? newCandidateHealth()
    const after = change(before)
    this.#candidates.set(id, after)
    const [said, share] = [this.#shares.get(id), shareOf(after)]
    const isNews = said === undefined || !isSame(said, share)
    if (isNews) {
      this.#shares.set(id, share)
      this.#version += 1
      this.#kv.put('epoch', this.epoch)
      this.#kv.put('version', this.#version)
    }
    const hasLearnt =
      before.latency.sizes !== after.latency.sizes && now >= (this.#keptAt.get(id) ?? 0) + KEEP_LEARNT_MS
    if (!isNews && !hasLearnt) return
    this.#keptAt.set(id, now)
    this.#kv.put(`candidate:${id}`, after)
  }

  /**
   * Leases the small questions of our own that are due, one for each candidate.
   *
   * @param isAsked whether somebody else sees to it that a slow candidate is asked
   */
  leaseProbes(isAsked: (id: string) => boolean, now: number): string[] {
    return [...this.#candidates].flatMap(([id, before]) => {
      if (before.breaker.kind === 'closed' && isAsked(id)) return []
      const { health, leased } = leaseDueProbe(before, now)
      if (!leased) return []
      this.change(id, () => health, now)
      return [id]
    })
  }

  snapshot(): ShareSnapshot {
    return { version: this.#version, shares: Object.fromEntries(this.#shares) }
  }
}

/** What was stored of all candidates; nothing where one of the values can't be read, so that the object lives on. */
function listed(kv: DurableObjectStorage['kv']): [key: string, stored: unknown][] {
  try {
    return [...kv.list({ prefix: 'candidate:' })]
  } catch {
    return []
  }
}

const isSame = (one: CandidateShare, other: CandidateShare): boolean =>
  one.share === other.share &&
  one.generation === other.generation &&
  one.brownOut === other.brownOut &&
  one.healthyP95Ms.every((p95Ms, promptSize) => p95Ms === other.healthyP95Ms[promptSize])
