import { isNewer, type Version } from '@paceline/core'
import { fullJitter, spread, type Clock } from '../clock.ts'
import type { Warn } from '../warn.ts'
import { ageOfCopy, loadDiskCopy, saveDiskCopy } from './disk-copy.ts'
import { pollDirectives, type EdgeAddress, type Polled } from './edge-client.ts'
import { EdgeSocket } from './edge-socket.ts'
import { consider, etagOf, heardAgain, nothingHeld, type HeldDirectives } from './held-directives.ts'
import type { KeySource } from './key-source.ts'
import { verifyDirectives, type RefusalReason } from './verify-directives.ts'

export interface RefusedDirectives {
  readonly reason: RefusalReason
  readonly epoch?: number
  readonly version?: number
}

export interface FollowOptions {
  readonly address: EdgeAddress
  readonly keys: KeySource
  readonly clock: Clock
  readonly statePath: string | null
  readonly warn: Warn
  /** Something about the directives, or about how they come, is different now. */
  readonly onChange: () => void
  readonly onRefused: (refused: RefusedDirectives) => void
}

export const POLL = {
  /** Beside the socket: only to see whether it has missed something. */
  besideSocketMs: 15_000,
  withoutSocketMs: 4_000,
  /** While the edge fails. */
  failing: { firstMs: 4_000, longestMs: 60_000 },
} as const

/**
 * Follows the edge's directives by socket, by polling beside it, and from the copy on disk at start. What fails
 * verification changes nothing: the last good directives stay in force for as long as the edge is silent.
 */
export class FollowedDirectives {
  readonly #options: FollowOptions
  readonly #socket: EdgeSocket
  readonly #closing = new AbortController()
  readonly #ready = Promise.withResolvers<void>()
  #held = nothingHeld
  #problem: string | null = null
  /** Verifying waits for keys and for the disk. Done one after the other, no document overtakes another. */
  #chain: Promise<void> = Promise.resolve()
  #failures = 0
  #cancelPoll: () => void = () => undefined

  constructor(options: FollowOptions) {
    this.#options = options
    this.#socket = new EdgeSocket(options.address, options.clock, {
      onDocument: (text) => this.#inTurn(() => this.#receive(text, this.#held.directives)),
      onConnected: (isConnected) => {
        // What was published while nobody listened must not wait for the next round.
        if (!isConnected) this.#pollIn(spread(POLL.withoutSocketMs, 0.5, options.clock))
        options.onChange()
      },
    })
  }

  get held(): HeldDirectives {
    return this.#held
  }

  get isConnected(): boolean {
    return this.#socket.isConnected
  }

  /** What keeps directives from coming, in a sentence; null while they come. */
  get problem(): string | null {
    return this.#problem
  }

  /** Settles when the copy on disk is read and the edge has been asked once, whatever it said. */
  get ready(): Promise<void> {
    return this.#ready.promise
  }

  start(): void {
    this.#inTurn(() => this.#restore())
    this.#socket.connect()
    void this.#poll()
  }

  /** Asks at once, because somebody has seen a newer version. */
  hurry(): void {
    this.#pollIn(0)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#cancelPoll()
    this.#socket.close()
    this.#ready.resolve()
    await this.#chain
  }

  #inTurn(step: () => Promise<void>): void {
    const before = this.#chain
    const takeTurn = async (): Promise<void> => {
      await before
      if (this.#closing.signal.aborted) return
      // A fault of ours must neither end the app around us nor keep later documents from it.
      await step().catch((error: unknown) =>
        this.#tell(`Paceline failed to take directives: ${String(error)}`),
      )
    }
    this.#chain = takeTurn()
  }

  async #restore(): Promise<void> {
    const { statePath, keys, clock } = this.#options
    if (statePath === null) return
    const copy = await loadDiskCopy(statePath)
    if (copy === null) return
    if (copy.keys !== null) keys.restore(copy.keys)
    const verified = await verifyDirectives(copy.jws, keys)
    if (verified.kind === 'refused') this.#options.onRefused({ reason: verified.reason })
    if (verified.kind !== 'good') return
    const receivedAt = clock.now() - ageOfCopy(copy, clock.epochNow())
    this.#held = { directives: verified.directives, source: 'disk', receivedAt, heardAt: receivedAt }
    this.#options.onChange()
  }

  /** @param asked what was held when this was asked for */
  async #receive(text: string, asked: Version): Promise<void> {
    const { keys, clock, onRefused } = this.#options
    const verified = await verifyDirectives(text, keys)
    if (verified.kind === 'unverifiable') {
      this.#tell('The edge’s keys can’t be had: check that it answers GET /directives/keys.')
      return
    }
    if (verified.kind === 'refused') {
      onRefused({ reason: verified.reason })
      this.#tell(`The edge sent directives that were refused: ${verified.reason}.`)
      return
    }
    const considered = consider(this.#held, verified.directives, clock.now(), clock.epochNow())
    if (considered.kind === 'older') {
      const { epoch, version } = considered
      // What the socket said while the answer to a poll was on its way may well be newer, and nobody is at fault.
      const isKept = isNewer({ epoch, version }, this.#held.directives)
      if (isKept || isNewer(asked, { epoch, version })) onRefused({ reason: 'older', epoch, version })
      return
    }
    this.#hold(considered.held)
    if (considered.kind === 'taken') await this.#save(text)
  }

  #hold(held: HeldDirectives): void {
    this.#held = held
    this.#problem = null
    this.#options.onChange()
  }

  async #save(text: string): Promise<void> {
    const { statePath, keys, clock, warn } = this.#options
    if (statePath === null) return
    try {
      const learnt = keys.learnt()
      await saveDiskCopy(statePath, {
        receivedAt: clock.epochNow(),
        jws: text,
        keys: learnt === null ? null : [...learnt],
      })
    } catch {
      warn(
        `Paceline can’t write ${statePath}: check \`statePath\`. A restart without the edge will know no directives.`,
      )
    }
  }

  async #poll(): Promise<void> {
    // The copy on disk may already be what the edge has.
    await this.#chain
    const { address, clock } = this.#options
    const held = this.#held
    const polled = await pollDirectives(address, etagOf(held), this.#closing.signal)
    this.#inTurn(() => this.#take(polled, held.directives))
    await this.#chain
    this.#ready.resolve()
    this.#failures = polled.kind === 'failed' ? this.#failures + 1 : 0
    this.#pollIn(this.#waitAfter(polled, clock))
  }

  async #take(polled: Polled, asked: Version): Promise<void> {
    if (polled.kind === 'document') await this.#receive(polled.text, asked)
    else if (polled.kind === 'unchanged') this.#hold(heardAgain(this.#held, this.#options.clock.now()))
    else this.#tell(polled.problem)
  }

  #waitAfter(polled: Polled, clock: Clock): number {
    if (polled.kind === 'failed')
      return Math.max(
        Math.min(polled.retryAfterMs ?? 0, POLL.failing.longestMs),
        POLL.withoutSocketMs / 2 + fullJitter(this.#failures, POLL.failing, clock),
      )
    return this.isConnected
      ? spread(POLL.besideSocketMs, 0.2, clock)
      : spread(POLL.withoutSocketMs, 0.5, clock)
  }

  #pollIn(waitMs: number): void {
    this.#cancelPoll()
    if (this.#closing.signal.aborted) return
    this.#cancelPoll = this.#options.clock.after(waitMs, () => void this.#poll())
  }

  #tell(problem: string): void {
    this.#problem = problem
    this.#options.warn(problem)
    this.#options.onChange()
  }
}
