import type { EventsAnswer, Verdict } from '@paceline/core'
import { isProblem, type Problem } from '../gateway/problem.ts'
import { log } from '../log.ts'
import { problemDetails } from '../problem-details.ts'
import type { Arrival, Batch, IngestAnswer, Kept } from './arrival.ts'
import { checkEvent, type Checked } from './check-event.ts'
import { corsHeaders } from './cors.ts'
import type { IngestSetup, SenderKey } from './ingest-setup.ts'
import { Limiter } from './limiter.ts'
import { callOf, openProof, proofOf } from './open-proof.ts'
import { readRequest } from './read-request.ts'
import { shardOf } from './shard-of.ts'
import { witnessed, type ShownSample } from './witnessed.ts'

/** What one request brings along from the platform. */
export interface IntakeHost {
  /** Hands a batch to its shard. */
  readonly ingest: (batch: Batch) => Promise<IngestAnswer>
  /** Hands on what pages saw and proved, as it concerns the health of candidates. */
  readonly witness: (shown: readonly ShownSample[]) => void
  /** The newest directives that this isolate has heard of. */
  readonly directives: EventsAnswer['directives']
}

/** In events a second and isolate. A publishable key stands in every page, so it bears a large app's users. */
const RATES = {
  browser: { perSecond: 2_000, burst: 20_000 },
  server: { perSecond: 20_000, burst: 100_000 },
} as const

type Accepted = Extract<Checked, { ok: true }>

/** `POST /events`: what browsers and servers tell, with a verdict for each event. */
export class EventIntake {
  readonly #limiters = { browser: new Limiter(RATES.browser), server: new Limiter(RATES.server) }

  async handle(request: Request, setup: IngestSetup, host: IntakeHost): Promise<Response> {
    const headers = corsHeaders(request.headers.get('origin'), setup)
    const answer = await this.#answer(request, setup, host)
    return isProblem(answer) ? problemDetails(answer, headers) : Response.json(answer, { headers })
  }

  async #answer(request: Request, setup: IngestSetup, host: IntakeHost): Promise<EventsAnswer | Problem> {
    const sent = await readRequest(request, setup)
    if (isProblem(sent)) return sent
    const { key, events } = sent
    const waitMs = this.#take(key, events.length, Date.now())
    if (waitMs > 0) return tooMuch('this key', waitMs)
    const checked = events.map((event) => checkEvent(event, key.sender))
    const accepted = checked.filter((one): one is Accepted => one.ok)
    const kept = await keep(accepted, setup, host)
    if (isProblem(kept)) return kept
    const verdicts = checked.map((one) => (one.ok ? verdictOn(one, kept) : one.verdict))
    return { verdicts, directives: host.directives }
  }

  #take({ name, sender }: SenderKey, events: number, now: number): number {
    return this.#limiters[sender].take(new Map([[name, Math.max(1, events)]]), now)
  }
}

/** Hands each event to its shard, and waits until it is kept there. */
async function keep(
  accepted: readonly Accepted[],
  setup: IngestSetup,
  { ingest, witness }: IntakeHost,
): Promise<ReadonlyMap<Accepted, Kept> | Problem> {
  const now = Date.now()
  const opened = await Promise.all(accepted.map(({ event }) => openProof(proofOf(event), setup, now)))
  const batches = new Map<number, { readonly of: Accepted[]; readonly arrivals: Arrival[] }>()
  for (const [index, one] of accepted.entries()) {
    // Whatever tells of one call meets in one place, or its receipt could be spent in each.
    const proof = proofOf(one.event)
    const shard = shardOf(proof === null ? one.event.source : callOf(proof))
    const batch = batches.get(shard) ?? { of: [], arrivals: [] }
    batches.set(shard, batch)
    batch.of.push(one)
    batch.arrivals.push({ event: one.event, proof: opened[index] ?? { kind: 'none' } })
  }
  const answers = await Promise.all(
    [...batches].map(async ([shard, { of, arrivals }]) => {
      const answer = await ingest({ shard, arrivals }).catch(() => null)
      if (answer === null) log('events.shard-failed', { shard, events: of.length })
      return { of, arrivals, answer }
    }),
  )
  // Before anything is answered: what was kept comes again as a duplicate, which counts for nothing.
  const shown = answers.flatMap(({ arrivals, answer }) =>
    answer?.kind === 'kept' ? witnessed(arrivals, answer.kept) : [],
  )
  if (shown.length > 0) witness(shown)
  const kept = new Map<Accepted, Kept>()
  for (const { of, answer } of answers) {
    // Those that other shards have kept come again as duplicates.
    if (answer === null) return NOT_KEPT
    if (answer.kind === 'limited') return tooMuch('one of the sources', answer.retryAfterMs)
    for (const [index, one] of of.entries()) {
      const verdict = answer.kept[index]
      if (verdict !== undefined) kept.set(one, verdict)
    }
  }
  return kept
}

function verdictOn(one: Accepted, kept: ReadonlyMap<Accepted, Kept>): Verdict {
  const { event, unknownFields } = one
  const own = kept.get(one)
  if (own === undefined) throw new Error('a shard has left out an event')
  return {
    id: event.id,
    verdict: own.verdict,
    ...(unknownFields > 0 ? { unknownFields } : {}),
    ...(own.evidence === undefined ? {} : { evidence: own.evidence }),
  }
}

const tooMuch = (who: string, waitMs: number): Problem => ({
  status: 429,
  code: 'rate_limited',
  message: `There were more events from ${who} than the edge takes. Send the same request again after the time in Retry-After; what was kept already is known by its id.`,
  param: null,
  retryable: true,
  retryAfterS: Math.max(1, Math.ceil(waitMs / 1_000)),
})

const NOT_KEPT: Problem = {
  status: 503,
  code: 'storage_unavailable',
  message:
    'The events could not be kept. Send the same request again; what was kept already is known by its id.',
  param: null,
  retryable: true,
  retryAfterS: 1,
}
