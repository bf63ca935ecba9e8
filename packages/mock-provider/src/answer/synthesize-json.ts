import type { Random } from './random.ts'

/** A JSON schema as it comes from a caller: nothing about it is certain. */
export type JsonSchema = Readonly<Record<string, unknown>>

const words = ['tailwind', 'Ghent', 'echelon', 'Girona', 'breakaway', 'Alpe', 'cadence'] as const

/**
 * Makes up a value that fits a JSON schema: all `required` and half of the optional properties, `enum`, `const`,
 * `$ref` within the schema, `anyOf`/`oneOf`/`allOf`, ranges and the common string formats. What it does not
 * know, it fills with a word.
 */
export function synthesizeJson(schema: JsonSchema, random: Random): unknown {
  return valueFor(schema, { root: schema, random, depth: 0 })
}

interface Context {
  readonly root: JsonSchema
  readonly random: Random
  readonly depth: number
}

function valueFor(given: JsonSchema, outer: Context): unknown {
  const schema = resolve(given, outer.root)
  const context = { ...outer, depth: outer.depth + 1 }
  if ('const' in schema) return schema['const']
  const choices = listOf(schema['enum'])
  if (isFilled(choices)) return context.random.pick(choices)
  const alternatives = [...listOf(schema['anyOf']), ...listOf(schema['oneOf'])].filter(isObject)
  if (isFilled(alternatives)) return valueFor(context.random.pick(alternatives), context)

  switch (typeOf(schema)) {
    case 'object':
      return objectFor(schema, context)
    case 'array':
      return arrayFor(schema, context)
    case 'integer':
      return numberFor(schema, context, true)
    case 'number':
      return numberFor(schema, context, false)
    case 'boolean':
      return context.random.next() < 0.5
    case 'null':
      return null
    default:
      return stringFor(schema, context)
  }
}

function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  let found = schema
  // A reference may lead to another, and a circle of them must end.
  for (let hops = 0; hops < 8 && typeof found['$ref'] === 'string'; hops += 1) {
    let target: unknown = root
    for (const key of found['$ref'].split('/').slice(1)) {
      const name = key.replaceAll('~1', '/').replaceAll('~0', '~')
      target = isObject(target) ? target[name] : undefined
    }
    found = isObject(target) ? target : {}
  }
  return merge([
    found,
    ...listOf(found['allOf'])
      .filter(isObject)
      .map((part) => resolve(part, root)),
  ])
}

/** One schema that asks for what all of them ask for. */
function merge(parts: readonly JsonSchema[]): JsonSchema {
  const merged: Record<string, unknown> = {}
  const properties: Record<string, unknown> = {}
  for (const part of parts) {
    Object.assign(merged, part)
    if (isObject(part['properties'])) Object.assign(properties, part['properties'])
  }
  if (Object.keys(properties).length > 0) merged['properties'] = properties
  return { ...merged, required: parts.flatMap((part) => listOf(part['required'])) }
}

function typeOf(schema: JsonSchema): string {
  const type = schema['type']
  // Gemini writes its types in capitals.
  const named = typeof type === 'string' ? type : listOf(type).find((each) => each !== 'null')
  if (typeof named === 'string') return named.toLowerCase()
  if ('properties' in schema) return 'object'
  return 'items' in schema ? 'array' : 'string'
}

function objectFor(schema: JsonSchema, context: Context): unknown {
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  const required = new Set(listOf(schema['required']))
  const value: [string, unknown][] = []
  for (const [name, property] of Object.entries(properties)) {
    const wanted = required.has(name) || (context.depth < 6 && context.random.next() < 0.5)
    if (wanted && context.depth < 32)
      value.push([name, valueFor(isObject(property) ? property : {}, context)])
  }
  return Object.fromEntries(value)
}

function arrayFor(schema: JsonSchema, context: Context): unknown {
  const items = isObject(schema['items']) ? schema['items'] : {}
  const least = numberOr(schema['minItems'], 1)
  const most = numberOr(schema['maxItems'], Math.max(least, 2))
  const length = context.depth > 16 ? 0 : Math.min(64, least + context.random.below(most - least + 1))
  return Array.from({ length }, () => valueFor(items, context))
}

function numberFor(schema: JsonSchema, context: Context, whole: boolean): number {
  const step = whole ? 1 : 0.1
  const least = numberOr(schema['minimum'], numberOr(schema['exclusiveMinimum'], 1 - step) + step)
  const most = numberOr(schema['maximum'], numberOr(schema['exclusiveMaximum'], least + 40) - step)
  const value = least + context.random.next() * Math.max(0, most - least)
  return whole ? Math.round(value) : Math.round(value * 10) / 10
}

const formats: Readonly<Record<string, string>> = {
  'date-time': '2026-07-04T10:30:00Z',
  date: '2026-07-04',
  time: '10:30:00Z',
  email: 'rider@example.org',
  uri: 'https://example.org/route',
  uuid: '6f1c3a52-8d0e-4b7a-9c35-2f7be1d40a68',
}

function stringFor(schema: JsonSchema, context: Context): string {
  const format = schema['format']
  const formatted = typeof format === 'string' ? formats[format] : undefined
  if (formatted !== undefined) return formatted
  const word = context.random.pick(words)
  return word.padEnd(numberOr(schema['minLength'], 0), ' on').slice(0, numberOr(schema['maxLength'], 10_000))
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function isFilled<Item>(items: readonly Item[]): items is readonly [Item, ...Item[]] {
  return items.length > 0
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise
}
