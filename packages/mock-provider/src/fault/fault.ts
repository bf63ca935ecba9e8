import * as v from 'valibot'
import { cut, cutInToolCall, reset } from './cuts.ts'
import type { FaultDefinition } from './define-fault.ts'
import { contentEncoding, hugeEvent, lineEnds, split, usageInLastChunk } from './framings.ts'
import { endless } from './floods.ts'
import { inBandError, malformed, missingTerminator } from './in-band.ts'
import {
  auth,
  contentPolicy,
  contextLength,
  overloaded,
  prefillRefused,
  rateLimit,
  serverError,
  unavailable,
} from './refusals.ts'
import { silence, stallAfterTokens } from './silences.ts'
import { slow, slowFirstToken } from './slowness.ts'

/** A new fault is one definition in a file of its family, and one line here. */
const definitions = [
  rateLimit,
  serverError,
  unavailable,
  overloaded,
  auth,
  contextLength,
  contentPolicy,
  prefillRefused,
  reset,
  silence,
  stallAfterTokens,
  slowFirstToken,
  slow,
  cut,
  cutInToolCall,
  inBandError,
  malformed,
  missingTerminator,
  lineEnds,
  split,
  contentEncoding,
  hugeEvent,
  endless,
  usageInLastChunk,
] as const

type Schema = (typeof definitions)[number]['schema']

/** One fault as data, as callers write it: what to do (`kind`), its own fields, and the modifiers. */
export type Fault = v.InferInput<Schema>

/** A fault with its defaults filled in. */
export type PlayableFault = v.InferOutput<Schema>

export type FaultKind = Fault['kind']

export const faultSchema: v.GenericSchema<Fault, PlayableFault> = v.variant(
  'kind',
  definitions.map(({ schema }) => schema),
)

/** One fault, several that apply together in their order, or none. */
export type FaultPlan = Fault | readonly Fault[] | null

// Chosen by the input's shape, not a union, so that an error says what is wrong with the fault itself.
export const faultPlanSchema: v.GenericSchema<Fault | readonly Fault[], readonly PlayableFault[]> = v.lazy(
  (input) =>
    Array.isArray(input)
      ? v.array(faultSchema)
      : v.pipe(
          faultSchema,
          v.transform((fault) => [fault]),
        ),
)

type AnyDefinition = FaultDefinition<v.GenericSchema<unknown, PlayableFault>>

const byKind = new Map<string, AnyDefinition>(
  definitions.map((definition) => [
    definition.schema.entries.kind.literal,
    // Sound because a definition is only ever looked up by the kind of the fault that it is then given.
    definition as unknown as AnyDefinition,
  ]),
)

export const faultKinds: readonly string[] = [...byKind.keys()]

/** Undefined when there is no such kind. */
export function definitionOf(kind: string): AnyDefinition | undefined {
  return byKind.get(kind)
}
