import * as v from 'valibot'
import { MODES, SEVERITIES, VARIANTS } from './directive.ts'
import { identifier } from './identifier.ts'

/**
 * Everything that browsers and servers tell: CloudEvents 1.0 in JSON, one schema for each type.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 *
 * Data holds numbers, names from the configuration and words from closed lists. There is no field that text of a prompt
 * or an answer would fit into, and fields that are not listed here are dropped.
 */

const durationMs = v.pipe(v.number(), v.minValue(0), v.maxValue(3_600_000))
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
/** The part of `paceline;desc="CALL.RECEIPT.VERSION"` that proves a call: `CALL.RECEIPT`. */
const proof = v.pipe(v.string(), v.regex(/^[\w-]{1,64}\.[\w-]{1,512}$/))

/** How a time to first visible token was had, best first. */
export const methods = ['element-timing', 'intersection', 'animation-frame'] as const
/** In what circumstances; figures of different classes are never mixed. */
export const turnClasses = [
  'visible',
  'was-hidden',
  'ready-while-hidden',
  'frozen',
  'joined-mid-stream',
] as const

const turnShown = v.object({
  /** As the page names it; where a proof names another, that one counts. */
  route: v.optional(identifier),
  /** From the user's input to the frame that paints the first visible character of the answer, in ms. */
  ttfvtMs: durationMs,
  class: v.picklist(turnClasses),
  method: v.picklist(methods),
  /** How far off the value may be, in ms. */
  errorMs: durationMs,
  /** The parts that sum up to `ttfvtMs`; those of the transport only where the app hands it over. */
  parts: v.object({
    inputToRequestMs: v.nullable(durationMs),
    requestToHeadersMs: v.nullable(durationMs),
    headersToDeltaMs: v.nullable(durationMs),
    deltaToDomMs: v.nullable(durationMs),
    domToPixelMs: durationMs,
  }),
  /** From the input to the first visible sign of reasoning, where there was any, in ms. */
  firstProgressMs: v.optional(durationMs),
  proof: v.optional(proof),
})

const turnLost = v.object({
  route: v.optional(identifier),
  reason: v.picklist(['transport-lost', 'ambiguous', 'abandoned']),
  /** From the user's input to the loss, in ms. */
  afterMs: durationMs,
  proof: v.optional(proof),
})

const noticeSeen = v.object({ incident: identifier, severity: v.picklist(SEVERITIES) })

const directiveRefused = v.object({
  reason: v.picklist(['empty', 'malformed', 'older', 'wrongly-signed']),
  epoch: v.optional(count),
  version: v.optional(count),
})

const modeChanged = v.object({
  from: v.picklist(MODES),
  to: v.picklist(MODES),
  /** `local`: the server's own ladder; `global`: a directive; `pin`: a person. */
  cause: v.picklist(['local', 'global', 'pin']),
})

const requestsShed = v.object({
  critical: count,
  interactive: count,
  background: count,
  bulk: count,
  /** Over how long they were counted, in ms. */
  overMs: durationMs,
})

const featureFailed = v.object({
  feature: identifier,
  variant: v.picklist(VARIANTS),
  afterMs: durationMs,
})

/** Who may send a type. */
export type Sender = 'browser' | 'server'

const TYPES = {
  'ai.turn.shown': { from: ['browser'], data: turnShown },
  'ai.turn.lost': { from: ['browser'], data: turnLost },
  'notice.shown': { from: ['browser'], data: noticeSeen },
  'notice.dismissed': { from: ['browser'], data: noticeSeen },
  'reporting.blocked': { from: ['browser'], data: v.object({ attempts: count }) },
  'directive.refused': { from: ['browser', 'server'], data: directiveRefused },
  'server.mode.changed': { from: ['server'], data: modeChanged },
  'server.requests.shed': { from: ['server'], data: requestsShed },
  'server.feature.failed': { from: ['server'], data: featureFailed },
} as const

export type EventType = keyof typeof TYPES

const envelope = <T extends EventType, D extends v.GenericSchema>(type: T, data: D) =>
  v.object({
    specversion: v.literal('1.0'),
    /** Unique within its source; the pair is what duplicates are known by. */
    id: v.pipe(v.string(), v.regex(/^[\w.:-]{1,64}$/, 'an id of letters, digits and _ . : - (64 at most)')),
    /** `/browser/SESSION` or `/server/NAME`. */
    source: v.pipe(
      v.string(),
      v.regex(/^\/(browser|server)\/[\w.:-]{1,64}$/, '/browser/SESSION or /server/NAME'),
    ),
    type: v.literal(type),
    /** When it happened, by the sender's clock. */
    time: v.pipe(v.string(), v.isoTimestamp('a time such as 2026-11-22T16:30:00.000Z')),
    data,
  })

/** One event of any type, with every field that it does not know taken off. */
export const eventSchema = v.variant('type', [
  envelope('ai.turn.shown', TYPES['ai.turn.shown'].data),
  envelope('ai.turn.lost', TYPES['ai.turn.lost'].data),
  envelope('notice.shown', TYPES['notice.shown'].data),
  envelope('notice.dismissed', TYPES['notice.dismissed'].data),
  envelope('reporting.blocked', TYPES['reporting.blocked'].data),
  envelope('directive.refused', TYPES['directive.refused'].data),
  envelope('server.mode.changed', TYPES['server.mode.changed'].data),
  envelope('server.requests.shed', TYPES['server.requests.shed'].data),
  envelope('server.feature.failed', TYPES['server.feature.failed'].data),
])

export type PacelineEvent = v.InferOutput<typeof eventSchema>
export type EventOf<T extends EventType> = Extract<PacelineEvent, { type: T }>

/** Whether a sender of this kind may send this event: its type and its source both have to be its own. */
export const maySend = (sender: Sender, { type, source }: PacelineEvent): boolean =>
  (TYPES[type].from as readonly Sender[]).includes(sender) && source.startsWith(`/${sender}/`)

/** What became of one event. Both `accepted` and `duplicate` mean that it is kept; `refused` that it never will be. */
export interface Verdict {
  /** The id that was sent; null where none could be read. */
  readonly id: string | null
  readonly verdict: 'accepted' | 'duplicate' | 'refused'
  /** Why it was refused: what was wrong, where, and what to do. */
  readonly reason?: string
  /** How many fields were dropped because nobody knows them. */
  readonly unknownFields?: number
  /** Whether its figure counts for detectors: only with a receipt that was issued for the call, and once. */
  readonly evidence?: 'counted' | 'unproven' | 'forged' | 'replayed' | 'stale'
}

/** The answer to `POST /events`: one verdict for each event, in the order in which they came. */
export interface EventsAnswer {
  readonly verdicts: readonly Verdict[]
  /** The newest directives that the edge knows of. */
  readonly directives: { readonly epoch: number; readonly version: number } | null
}

const verdictSchema = v.object({
  id: v.nullable(v.string()),
  verdict: v.picklist(['accepted', 'duplicate', 'refused']),
  reason: v.optional(v.string()),
  unknownFields: v.optional(count),
  evidence: v.optional(v.picklist(['counted', 'unproven', 'forged', 'replayed', 'stale'])),
})

export const eventsAnswerSchema = v.object({
  verdicts: v.array(verdictSchema),
  directives: v.nullable(v.object({ epoch: count, version: count })),
})
