import type * as v from 'valibot'
import type { Answer } from '../answer/answer.ts'
import type { Prompt } from '../answer/prompt.ts'
import type { Script } from '../script/script.ts'
import type { ScriptSource } from '../script/compose-script.ts'

/** What a fault may look at when it rewrites a script. */
export interface FaultContext extends ScriptSource {
  readonly prompt: Prompt
  readonly answer: Answer
}

/** One kind of fault: its data, its short form in a model's name, and what it does to a script. */
export interface FaultDefinition<Schema extends v.GenericSchema<unknown, { kind: string }>> {
  readonly schema: Schema
  /** The fields that a model's name may give by position, e.g. `cut:5:end` for `['afterTokens', 'by']`. */
  readonly positional: readonly (keyof v.InferOutput<Schema> & string)[]
  /** False when there is nothing to spoil, e.g. no tool call to cut; the fault is then not used up. */
  appliesTo?(context: FaultContext): boolean
  rewrite(script: Script, fault: v.InferOutput<Schema>, context: FaultContext): Script
}

/** Fixes the types between a fault's schema and its rewrite. */
export function defineFault<Schema extends v.GenericSchema<unknown, { kind: string }>>(
  definition: FaultDefinition<Schema>,
): FaultDefinition<Schema> {
  return definition
}
