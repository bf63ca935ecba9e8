import * as v from 'valibot'
import { identifier } from '../identifier.ts'
import { summarySchema } from '../summary.ts'

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

/** Times to a first token that belong together: who saw them, on which route, of whom, routed by which directives. */
const observationSchema = v.strictObject({
  /** `gateway`: requests of users. `probe`: small questions of our own. `browser`: what a page saw, with a receipt. */
  origin: v.picklist(['gateway', 'probe', 'browser']),
  route: identifier,
  candidate: identifier,
  /** Version of the directives that were in force where the call was routed. */
  directives: count,
  summary: summarySchema,
})
export type Observation = v.InferOutput<typeof observationSchema>

/** What is written into the audit because it was turned away, so that an attack can be seen. */
const refusalSchema = v.strictObject({
  what: v.picklist(['evidence-forged', 'evidence-replayed', 'evidence-stale', 'directive-refused']),
  /** The sender, as it calls itself, and its reason where it gave one. */
  source: v.pipe(v.string(), v.maxLength(80)),
  reason: v.optional(v.pipe(v.string(), v.maxLength(80))),
  count,
})
export type Refusal = v.InferOutput<typeof refusalSchema>

/** What a writer of summaries sends to the coordinator. Sent again after a fault, it counts once. */
export const reportSchema = v.strictObject({
  /** The writer, such as `ingest:2`. */
  from: v.pipe(v.string(), v.maxLength(80)),
  /** Grows with each report of this writer. */
  sequence: count,
  observations: v.pipe(v.array(observationSchema), v.maxLength(1_000), v.readonly()),
  refusals: v.pipe(v.array(refusalSchema), v.maxLength(100), v.readonly()),
  /** Shares of the candidates, from the writer that keeps them. */
  shares: v.optional(v.record(identifier, v.number())),
})
export type Report = v.InferOutput<typeof reportSchema>
