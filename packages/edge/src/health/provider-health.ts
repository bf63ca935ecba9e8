import { DurableObject } from 'cloudflare:workers'
import {
  leaseProbe,
  newCandidateHealth,
  recordSample,
  shareOf,
  type CandidateHealth,
  type Sample,
  type ShareSnapshot,
} from '@paceline/core'
import { candidateHealthSchema } from './stored-health.ts'
import * as v from 'valibot'
import type { HealthAnswer } from './health-view.ts'

/** Candidates come from the configuration; more than this many can only be a fault. */
const MOST_CANDIDATES = 1_000

/**
 * The one writer of health: isolates report samples, and each report is answered by every candidate's share and by
 * leases for the probes that are due. Shares and breakers outlive a restart; half-filled windows need not.
 */
export class ProviderHealth extends DurableObject {
  readonly #candidates = new Map<string, CandidateHealth>()
  #epoch: number
  #version: number

  constructor(state: DurableObjectState, environment: Cloudflare.Env) {
    super(state, environment)
    const { kv } = state.storage
    this.#epoch = kv.get<number>('epoch') ?? Date.now()
    this.#version = kv.get<number>('version') ?? 0
    for (const [key, stored] of kv.list({ prefix: 'candidate:' })) {
      const health = v.safeParse(candidateHealthSchema, stored)
      // What an older version stored in another shape is worth less than a fresh start.
      if (health.success) this.#candidates.set(key.slice('candidate:'.length), health.output)
    }
  }

  report(samples: readonly Sample[]): HealthAnswer {
    const now = Date.now()
    for (const sample of samples)
      this.#change(sample.candidate, (health) => recordSample(health, sample, now))
    const probes = [...this.#candidates.keys()].filter((id) => this.#lease(id, now))
    return { epoch: this.#epoch, snapshot: this.#snapshot(), probes }
  }

  #lease(id: string, now: number): boolean {
    let leased = false
    this.#change(id, (health) => {
      const lease = leaseProbe(health.breaker, now)
      leased = lease.leased
      return leased ? { ...health, breaker: lease.breaker } : health
    })
    return leased
  }

  #change(id: string, change: (health: CandidateHealth) => CandidateHealth): void {
    const known = this.#candidates.get(id)
    if (known === undefined && this.#candidates.size >= MOST_CANDIDATES) return
    const before = known ?? newCandidateHealth()
    const after = change(before)
    this.#candidates.set(id, after)
    const [old, current] = [shareOf(before), shareOf(after)]
    if (known !== undefined && old.share === current.share && old.generation === current.generation) return
    this.#version += 1
    const { kv } = this.ctx.storage
    kv.put('epoch', this.#epoch)
    kv.put('version', this.#version)
    kv.put(`candidate:${id}`, after)
  }

  #snapshot(): ShareSnapshot {
    const shares = [...this.#candidates].map(([id, health]) => [id, shareOf(health)] as const)
    return { version: this.#version, shares: Object.fromEntries(shares) }
  }
}
