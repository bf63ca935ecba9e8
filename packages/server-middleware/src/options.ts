import { hostname } from 'node:os'
import {
  CRITICALITIES,
  fieldName,
  identifier,
  MODES,
  type Criticality,
  type LimitBounds,
} from '@paceline/core'
import * as v from 'valibot'
import type { Clock } from './clock.ts'
import type { FeatureRule } from './degrade/variant.ts'
import { publicKeySchema, type PublicKey } from './directives/key-source.ts'

/** How a server takes part. Only `essential` must be given; without `edge` it works by itself. */
export interface PacelineOptions<Feature extends string = string> {
  /** Routes that are answered in the modes `essential` and `emergency`, such as `/login` or `/billing/*`. */
  readonly essential: readonly string[]
  /** How much is lost when a route is turned away; `interactive` where nothing is said. */
  readonly routes?: Readonly<Record<string, Criticality>> | undefined
  /** What can be done with less, and from which mode on. */
  readonly features?: Readonly<Record<Feature, FeatureRule>> | undefined
  /** The edge's origin, such as `https://edge.example.com`. */
  readonly edge?: string | undefined
  /** The server's secret key at the edge. */
  readonly key?: string | undefined
  /** Names this server in what it reports; the host's name unless given. */
  readonly name?: string | undefined
  /** The only keys that may sign directives; without them, those that the edge publishes. */
  readonly publicKeys?: readonly PublicKey[] | undefined
  /** A file for the last good directives, so that a restart without the edge begins where it was. */
  readonly statePath?: string | undefined
  /** Between which bounds the number of requests at a time is learnt, and where it begins. */
  readonly limits?: Partial<LimitBounds> | undefined
  /** Time and chance, for tests. */
  readonly clock?: Clock | undefined
}

/** Options with their defaults filled in, and checked. */
export interface Settings {
  readonly essential: readonly string[]
  readonly routes: Readonly<Record<string, Criticality>>
  readonly features: Readonly<Record<string, FeatureRule>>
  readonly edge: { readonly url: string; readonly key: string } | null
  readonly name: string
  readonly publicKeys: readonly PublicKey[] | null
  readonly statePath: string | null
  readonly limits: LimitBounds
}

/** Thrown by `createPaceline`: each line names a field, what it holds, and the mend. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError'
}

const pattern = v.pipe(
  v.string(),
  v.regex(/^([A-Z]+ )?\/[^\s*?#]*\*?$/, 'a path such as "/login", "/billing/*" or "POST /orders"'),
  v.check((text) => !text.endsWith('*') || text.endsWith('/*'), 'a path whose only * follows a / at its end'),
)
const requests = v.pipe(v.number(), v.integer('a whole number'), v.minValue(1, 'at least 1'))
const mode = v.picklist(MODES, `one of ${MODES.join(', ')}`)
const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost'])

const optionsSchema = v.pipe(
  v.strictObject({
    essential: v.array(pattern),
    routes: v.optional(
      v.record(pattern, v.picklist(CRITICALITIES, `one of ${CRITICALITIES.join(', ')}`)),
      {},
    ),
    features: v.optional(
      v.record(identifier, v.strictObject({ reducedAt: v.optional(mode), offAt: v.optional(mode) })),
      {},
    ),
    edge: v.optional(
      v.pipe(
        v.string(),
        v.check(
          isEdgeOrigin,
          'an origin such as "https://edge.example.com"; http only on this machine, since the key travels there',
        ),
      ),
    ),
    key: v.optional(v.pipe(v.string(), v.minLength(1, 'the secret key that the edge knows this server by'))),
    name: v.optional(
      v.pipe(v.string(), v.regex(/^[\w.:-]{1,64}$/, 'letters, digits and _ . : - (64 at most)')),
    ),
    publicKeys: v.optional(v.pipe(v.array(publicKeySchema), v.minLength(1, 'at least one key'))),
    statePath: v.optional(v.pipe(v.string(), v.minLength(1, 'the path of a file'))),
    limits: v.optional(
      v.strictObject({
        initial: v.optional(requests),
        min: v.optional(requests),
        max: v.optional(requests),
      }),
      {},
    ),
    clock: v.optional(v.any()),
  }),
  v.forward(
    v.check(({ edge, key }) => edge === undefined || key !== undefined, 'given, since `edge` is'),
    ['key'],
  ),
  v.forward(
    v.check(({ edge, key }) => key === undefined || edge !== undefined, 'given, since `key` is'),
    ['edge'],
  ),
)

/** Fits any app that has not been measured yet; the limit is learnt from there. */
const LIMITS: LimitBounds = { initial: 100, min: 20, max: 2_000 }

/** @throws {OptionsError} naming every field that is wrong, its value and the mend */
export function readOptions(options: PacelineOptions): Settings {
  const parsed = v.safeParse(optionsSchema, options)
  if (!parsed.success) throw new OptionsError(explain(parsed.issues.map(lineOf)))
  const { edge, key, name, publicKeys, statePath, limits, ...rest } = parsed.output
  const bounds = boundsOf(limits)
  if (bounds.min > bounds.initial || bounds.initial > bounds.max)
    throw new OptionsError(
      explain([`limits is ${JSON.stringify(bounds)} with its defaults\n    → Make it min ≤ initial ≤ max.`]),
    )
  return {
    essential: rest.essential,
    routes: rest.routes,
    features: rest.features,
    edge: edge === undefined || key === undefined ? null : { url: edge, key },
    name:
      name ??
      (hostname()
        .replaceAll(/[^\w.:-]/g, '-')
        .slice(0, 64) ||
        'server'),
    publicKeys: publicKeys ?? null,
    statePath: statePath ?? null,
    limits: bounds,
  }
}

type Given = { readonly [Name in keyof LimitBounds]?: number | undefined }

const boundsOf = ({ initial, min, max }: Given): LimitBounds => ({
  initial: initial ?? Math.max(min ?? 0, Math.min(max ?? LIMITS.max, LIMITS.initial)),
  min: min ?? Math.min(LIMITS.min, initial ?? LIMITS.min, max ?? LIMITS.min),
  max: max ?? Math.max(LIMITS.max, initial ?? 0, min ?? 0),
})

function isEdgeOrigin(text: string): boolean {
  const url = URL.parse(text)
  if (url === null) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.has(url.hostname))
}

const explain = (lines: readonly string[]): string =>
  `createPaceline was given ${lines.length} wrong ${lines.length === 1 ? 'option' : 'options'}:\n${lines.map((line) => `  ${line}`).join('\n')}`

function lineOf(issue: v.BaseIssue<unknown>): string {
  const field = fieldName((issue.path ?? []).map(({ key }) => key))
  if (issue.type === 'strict_object' && issue.expected === 'never')
    return `${field} is not an option\n    → Remove it, or correct its spelling.`
  const last = issue.path?.at(-1)
  const value = last === undefined ? issue.input : last.value
  const expected = issue.message.startsWith('Invalid') ? (issue.expected ?? 'another value') : issue.message
  return value === undefined
    ? `${field} is missing\n    → Add ${expected}.`
    : `${field} is ${shown(field, value)}\n    → Make it ${expected}.`
}

/** Secrets stay out of logs, however wrong they are. */
function shown(field: string, value: unknown): string {
  if (field === 'key') return 'a secret'
  const text = JSON.stringify(value) ?? typeof value
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
