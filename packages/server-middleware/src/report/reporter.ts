import { randomUUID } from 'node:crypto'
import type { EventOf, EventsAnswer, PacelineEvent } from '@paceline/core'
import { DelegateBackoff, handleWhenResult, retry, type IRetryBackoffContext } from 'cockatiel'
import { fullJitter, spread, type Clock } from '../clock.ts'
import type { EdgeAddress } from '../directives/edge-client.ts'
import type { Warn } from '../warn.ts'
import { EventQueue } from './event-queue.ts'
import { sendEvents, type Sent } from './send-events.ts'

export type ServerEventType =
  | 'directive.refused'
  | 'server.mode.changed'
  | 'server.requests.shed'
  | 'server.feature.failed'

export interface ReporterOptions {
  readonly address: EdgeAddress
  /** The server's name: what the source of its events ends with. */
  readonly name: string
  readonly clock: Clock
  readonly warn: Warn
  /** The edge says which directives are the newest. */
  readonly onNewest: (version: NonNullable<EventsAnswer['directives']>) => void
}

export const REPORTING = {
  capacity: 5_000,
  /** An event is some hundred bytes, so a batch stays far below what the edge takes (1,000 events and 1 MiB). */
  batch: 500,
  everyMs: 1_000,
  timeoutMs: 10_000,
  /** After the first attempt. What fails then waits in the queue for the next round. */
  retries: 4,
  backoff: { firstMs: 500, longestMs: 30_000 },
  longestRetryAfterMs: 60_000,
  /** The longest that closing waits for the last batch. */
  closeWithinMs: 3_000,
} as const

/** Sends events in batches, at least once each: ids stay the same through every repetition. */
export class Reporter {
  readonly #options: ReporterOptions
  readonly #queue = new EventQueue(REPORTING.capacity)
  readonly #closing = new AbortController()
  #inHand: readonly PacelineEvent[] = []
  #isScheduled = false
  #cancelRound: () => void = () => undefined
  #refused = 0

  constructor(options: ReporterOptions) {
    this.#options = options
  }

  get counts(): { readonly waiting: number; readonly lost: number } {
    return { waiting: this.#queue.length + this.#inHand.length, lost: this.#queue.dropped + this.#refused }
  }

  report<T extends ServerEventType>(type: T, data: EventOf<T>['data']): void {
    const { name, clock } = this.#options
    this.#queue.push({
      specversion: '1.0',
      id: randomUUID(),
      source: `/server/${name}`,
      type,
      time: new Date(clock.epochNow()).toISOString(),
      data,
    } as PacelineEvent)
    this.#schedule()
  }

  /** Makes one last attempt with everything that waits, within a bound, and ends. */
  async close(): Promise<void> {
    this.#cancelRound()
    this.#closing.abort()
    const events = [...this.#inHand, ...this.#queue.take(REPORTING.capacity)].slice(-REPORTING.batch)
    this.#inHand = []
    if (events.length === 0) return
    await sendEvents(this.#options.address, events, AbortSignal.timeout(REPORTING.closeWithinMs))
  }

  #schedule(): void {
    if (this.#isScheduled || this.#closing.signal.aborted) return
    this.#isScheduled = true
    this.#cancelRound = this.#options.clock.after(
      spread(REPORTING.everyMs, 0.2, this.#options.clock),
      () => void this.#round(),
    )
  }

  async #round(): Promise<void> {
    const batch = this.#queue.take(REPORTING.batch)
    this.#inHand = batch
    const sent = await this.#sendPatiently(batch)
    // Closing has taken the batch over.
    if (this.#closing.signal.aborted) return
    this.#inHand = []
    this.#settle(batch, sent)
    this.#isScheduled = false
    if (this.#queue.length > 0) this.#schedule()
  }

  #settle(batch: readonly PacelineEvent[], sent: Sent): void {
    const { warn, onNewest } = this.#options
    if (sent.kind === 'again') {
      warn(sent.problem)
      this.#queue.putBack(batch)
    } else if (sent.kind === 'refused') {
      warn(sent.problem)
      this.#refused += batch.length
    } else {
      const refused = sent.answer.verdicts.filter(({ verdict }) => verdict === 'refused')
      this.#refused += refused.length
      if (refused[0] !== undefined)
        warn(`The edge refuses events of this server: ${refused[0].reason ?? 'no reason given'}`)
      if (sent.answer.directives !== null) onNewest(sent.answer.directives)
    }
  }

  #sendPatiently(batch: readonly PacelineEvent[]): Promise<Sent> {
    const closing = this.#closing.signal
    return this.#retry.execute((): Sent | Promise<Sent> => {
      // The policy's wait doesn't end with the signal, and one more call follows it.
      if (closing.aborted) return { kind: 'refused', problem: 'closing' }
      const signal = AbortSignal.any([closing, AbortSignal.timeout(REPORTING.timeoutMs)])
      return sendEvents(this.#options.address, batch, signal)
    }, closing)
  }

  readonly #retry = retry(
    handleWhenResult((sent) => (sent as Sent).kind === 'again'),
    {
      maxAttempts: REPORTING.retries,
      backoff: new DelegateBackoff((context: IRetryBackoffContext<unknown>) => this.#waitBefore(context)),
    },
  ).dangerouslyUnref()

  /** What the edge asks for, plus a lot, so that not all come back at that very moment. */
  #waitBefore({ attempt, result }: IRetryBackoffContext<unknown>): number {
    const sent = 'value' in result ? (result.value as Sent) : null
    const askedMs = sent?.kind === 'again' ? (sent.afterMs ?? 0) : 0
    const jittered = fullJitter(attempt, REPORTING.backoff, this.#options.clock)
    return Math.min(askedMs, REPORTING.longestRetryAfterMs) + jittered
  }
}
