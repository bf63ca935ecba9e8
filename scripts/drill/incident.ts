import type { AuditLine } from './audit.ts'
import { waitOf, type Caller } from './caller.ts'
import { POLICY, RIDERS, routeOf, TARGET_MS } from './drill-config.ts'
import type { House } from './house.ts'
import type { Options } from './options.ts'
import type { PageUser } from './page-user.ts'
import { quantile } from './quantile.ts'
import type { Step, StepLog } from './step-log.ts'
import { clock, StepMissing, until } from './until.ts'

/** A whole incident as its receivers saw it. */
export interface IncidentTimes {
  readonly steps: readonly Step[]
  /** From the third late first token in a row, as the caller received it. */
  readonly eventToDecisionMs: number
  readonly eventToDirectiveMs: number
  /** From the deciding event to the first request that set out and was led by the other provider. */
  readonly eventToTrafficMs: number
  /** From the directive's arrival until twenty requests in a row had their first text in time. */
  readonly directiveToRestoredMs: number
}

/** So many answers in time show that a lane is well, before an incident and after it. */
const WELL = 20
const WELL_BELOW_MS = POLICY.restoredBelowMs
/** So soon the directives are in force everywhere. */
const IN_FORCE_MS = 1_000
const [LEADER, NEXT] = RIDERS

export interface IncidentStage {
  readonly house: House
  readonly lane: number
  readonly options: Pick<Options, 'slower'>
  readonly caller: Caller
  readonly log: StepLog
  /** A person at a page on the same route. */
  readonly user?: PageUser
}

/**
 * Plays one incident in a lane whose traffic is running: tires its leader, watches everything that has to follow, and
 * leaves the lane as it was.
 *
 * @throws {StepMissing} naming the first step that did not come
 */
export async function playIncident(stage: IncidentStage): Promise<IncidentTimes> {
  const { house, lane, options, caller, log, user } = stage
  const { audit, onCall, server } = house
  const seen = new Seen(caller, lane)
  const healthySince = clock()
  await until(
    'healthy',
    () => seen.wellAgainAt(healthySince) ?? undefined,
    20_000,
    () => seen.describe(),
  )

  const tiredAt = log.begin()
  const since = (await audit.read()).at(-1)?.sequence ?? 0
  const pagesBefore = onCall.pages.length
  const step = (name: string, at: number, note: string): number => {
    log.add(name, note, at)
    return at
  }
  const written = (find: (line: AuditLine) => boolean) => async (): Promise<AuditLine | undefined> =>
    (await audit.read()).find((line) => line.sequence > since && line.incident === incident() && find(line))
  const incident = (): string | undefined =>
    audit.lines.find(
      ({ sequence, body }) =>
        sequence > since && body.stage === 'analysis' && body['route'] === routeOf(lane),
    )?.incident ?? undefined
  const execution = (what: string) =>
    written(({ body }) => body.stage === 'execution' && body['what'] === what)
  const paged = (type: string) =>
    onCall.pages.slice(pagesBefore).find((page) => page.type === type && page.incident === incident())

  step('fault', tiredAt, `${LEADER} ${options.slower} times slower`)
  house.tire(LEADER, lane, options.slower)

  const thirdLateAt = await until(
    'breach',
    () => seen.thirdLateInARow(`${LEADER}-${lane}`, tiredAt),
    15_000,
    () => seen.describe(),
  )
  const strategy = await until(
    'decision',
    written(({ body }) => body.stage === 'strategy'),
    5_000,
    () => 'the audit holds no strategy for this route',
  )
  // Where the page's own question was among the three, the third that the callers saw comes after the decision.
  const eventAt = step(
    'breach',
    Math.min(thirdLateAt, strategy.at),
    `three first tokens in a row later than ${TARGET_MS} ms`,
  )
  const decidedAt = step('decision', strategy.at, strategyNote(strategy))
  const first = await until(
    'action',
    written(({ body }) => body.stage === 'execution'),
    5_000,
    () => `the audit holds no action: ${strategyNote(strategy)}`,
  )
  const version = Number(first.body['version'])
  const directive = await until(
    'directive',
    () => server.arrivals.find((arrival) => arrival.version >= version),
    5_000,
    () => `the connected server holds no directives of version ${version}`,
  )
  step('directive', directive.at, `version ${directive.version} at a connected server`)
  if (user !== undefined) {
    const slow = await until(
      'page-breach',
      () =>
        user.turns.find(
          (turn) => turn.at > tiredAt && turn.ttfvtMs > TARGET_MS && turn.evidence === 'counted',
        ),
      15_000,
      () => 'no late turn of the page was taken as evidence',
    )
    step(
      'page-breach',
      slow.at,
      `a person waited ${Math.round(slow.ttfvtMs)} ms (${slow.method}); the edge counted it`,
    )
  }
  const movedAt = step(
    'traffic-moved',
    await until(
      'traffic-moved',
      () => seen.firstLedBy(`${NEXT}-${lane}`, eventAt),
      5_000,
      () => seen.describe(),
    ),
    `the first request that ${NEXT} leads`,
  )
  const restoredAt = step(
    'restored',
    await until(
      'restored',
      () => seen.wellAgainAt(directive.at) ?? undefined,
      15_000,
      () => seen.describe(),
    ),
    `95 % of ${WELL} in a row below ${WELL_BELOW_MS} ms`,
  )
  const opened = await until(
    'opened',
    () => paged('incident.opened'),
    10_000,
    () => 'nobody on call was told',
  )
  step('opened', opened.at, opened.headline)
  if (user !== undefined) step('notice', clock(), `“${await user.notice()}”`)
  const verified = await until(
    'verified',
    execution('restored'),
    10_000,
    () => 'the outcome was not verified',
  )
  step('verified', verified.at, 'measured by the requests that were routed after it')

  house.tire(LEADER, lane, 1)
  step('provider-well', clock(), `${LEADER} as fast as before`)
  step(
    'return-began',
    (await until('return-began', execution('return-began'), 15_000, () => 'no traffic came back')).at,
    'small questions were answered in time',
  )
  const returned = await until(
    'returned',
    execution('traffic-returned'),
    15_000,
    () => 'not all traffic came back',
  )
  step('returned', returned.at, 'by 1, 5 and 25 % to all of it')
  const learnt = await until(
    'learnt',
    written(({ body }) => body.stage === 'learning'),
    5_000,
    () => 'no outcome was recorded',
  )
  step('learnt', learnt.at, learningNote(learnt))
  const closed = await until(
    'closed',
    () => paged('incident.closed'),
    10_000,
    () => 'nobody was told of its end',
  )
  step('closed', closed.at, closed.headline)
  const share = await until(
    'led-again',
    () => seen.shareLedBy(`${LEADER}-${lane}`, returned.at + IN_FORCE_MS),
    10_000,
    () => 'too few requests came after all traffic had come back',
  )
  if (share < 0.9)
    throw new StepMissing(
      'led-again',
      `${LEADER} leads ${Math.round(share * 100)} % although its traffic is back`,
    )
  return {
    steps: log.steps,
    eventToDecisionMs: decidedAt - eventAt,
    eventToDirectiveMs: directive.at - eventAt,
    eventToTrafficMs: movedAt - eventAt,
    directiveToRestoredMs: restoredAt - directive.at,
  }
}

/** What the callers of a lane have seen. */
export class Seen {
  readonly #caller: Caller
  readonly #lane: number

  constructor(caller: Caller, lane: number) {
    this.#caller = caller
    this.#lane = lane
  }

  /** When the third late first text in a row of one provider had come; answers of others lie between them. */
  thirdLateInARow(provider: string, since: number): number | undefined {
    let run = 0
    for (const ride of this.#caller.spoken) {
      if (ride.firstTextAt < since || ride.provider !== provider) continue
      run = waitOf(ride) > TARGET_MS ? run + 1 : 0
      if (run === POLICY.suspectAfter) return ride.firstTextAt
    }
    return undefined
  }

  /** When the last of so many in a row that set out after an instant had come, nearly all of them in time. */
  wellAgainAt(since: number): number | null {
    const rides = this.#caller.rides.filter(({ startedAt, error }) => startedAt >= since && error === null)
    for (let start = 0; start + WELL <= rides.length; start += 1) {
      const block = rides.slice(start, start + WELL)
      const spoken = block.flatMap(({ startedAt, firstTextAt }) =>
        firstTextAt === null ? [] : [{ startedAt, firstTextAt }],
      )
      if (spoken.length < WELL) return null
      if (quantile(spoken.map(waitOf), 0.95) < WELL_BELOW_MS)
        return Math.max(...spoken.map(({ firstTextAt }) => firstTextAt))
    }
    return null
  }

  /** When the first request that set out after an instant and was led by a provider did so. */
  firstLedBy(provider: string, since: number): number | undefined {
    return this.#caller.rides.find((ride) => ride.startedAt >= since && ride.provider === provider)?.startedAt
  }

  /** The part that a provider led of the first requests after an instant; undefined as long as they are too few. */
  shareLedBy(provider: string, since: number): number | undefined {
    const rides = this.#caller.rides.filter((ride) => ride.startedAt >= since && ride.provider !== null)
    if (rides.length < WELL) return undefined
    return rides.filter((ride) => ride.provider === provider).length / rides.length
  }

  describe(): string {
    const last = this.#caller.spoken
      .slice(-5)
      .map((ride) => `${ride.provider ?? 'nobody'} ${Math.round(waitOf(ride))} ms`)
      .join(', ')
    return `the last answers on ${routeOf(this.#lane)} began after: ${last || 'none came'}; ${this.#caller.failures.length} failed`
  }
}

function strategyNote({ body }: AuditLine): string {
  const decision = body['decision'] as {
    kind: string
    option?: { to: string; pace: string }
    reasons?: string[]
  }
  return decision.option === undefined
    ? `left to a person: ${(decision.reasons ?? []).join(', ')}`
    : `switch to ${decision.option.to}, ${decision.option.pace === 'at-once' ? 'all at once' : 'half first'}`
}

function learningNote({ body }: AuditLine): string {
  const { successes, failures } = body['tally'] as { successes: number; failures: number }
  return `switching has helped in ${Math.round(successes)} of ${Math.round(successes + failures)} cases of late`
}
