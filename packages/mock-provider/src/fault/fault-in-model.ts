import * as v from 'valibot'
import { describeIssue } from '../wire/request-schema.ts'
import { definitionOf, faultKinds, faultSchema, type PlayableFault } from './fault.ts'

/** A model's name with the faults that it carries. */
export type ModelFaults =
  | { readonly ok: true; readonly model: string; readonly faults: readonly PlayableFault[] }
  | { readonly ok: false; readonly message: string }

/**
 * Reads faults out of a model's name:
 *
 * ```
 * name     = model *( "!" fault )          mock-large!cut:5:end!split:1
 * fault    = kind *( ":" argument )        rate-limit:2:times=1
 * argument = value | field "=" value       by position, or by the field's name
 * ```
 */
export function readModelFaults(name: string): ModelFaults {
  const [model = '', ...written] = name.split('!')
  const faults: PlayableFault[] = []
  for (const text of written) {
    const [kind = '', ...values] = text.split(':')
    const definition = definitionOf(kind)
    if (definition === undefined) {
      return {
        ok: false,
        message: `There is no fault "${kind}" in the model's name. Known: ${faultKinds.join(', ')}.`,
      }
    }
    const result = v.safeParse(faultSchema, { kind, ...readArguments(values, definition.positional) })
    if (!result.success) {
      const fields = definition.positional.map((field) => `:${field}`).join('')
      return {
        ok: false,
        message: `The fault "${text}" in the model's name is wrong: ${describeIssue(result.issues[0])} Write ${kind}${fields}.`,
      }
    }
    faults.push(result.output)
  }
  return { ok: true, model, faults }
}

function readArguments(values: readonly string[], positional: readonly string[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  let position = 0
  for (const value of values) {
    const [, field, named] = /^([A-Za-z]+)=(.*)$/s.exec(value) ?? []
    if (field !== undefined && named !== undefined) {
      fields[field] = readValue(named)
      continue
    }
    // A value too many gets a name of its own, which the schema then rejects.
    fields[positional[position] ?? `argument${position + 1}`] = readValue(value)
    position += 1
  }
  return fields
}

function readValue(value: string): string | number {
  return /^\d+(\.\d+)?$/.test(value) ? Number(value) : value
}
