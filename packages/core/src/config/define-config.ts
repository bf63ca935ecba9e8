import * as v from 'valibot'
import { ConfigError, type ConfigIssue } from './config-error.ts'
import { findContradictions } from './contradictions.ts'
import { findBrokenReferences } from './references.ts'
import { configSchema, type Config, type ConfigInput } from './schema.ts'

/** `Input` with its references typed by the names it defines, so that an editor catches a misspelt one. */
type Linked<P extends string, M extends string, T extends string> = Omit<
  ConfigInput,
  'providers' | 'models' | 'routes' | 'keys' | 'tiers'
> & {
  readonly providers: Record<P, ConfigInput['providers'][string]>
  readonly models: Record<M, ConfigInput['models'][string] & { provider: NoInfer<P> }>
  readonly routes: Record<string, ConfigInput['routes'][string] & { candidates: NoInfer<M>[] }>
  readonly keys: Record<string, ConfigInput['keys'][string] & { tier?: NoInfer<T> }>
  readonly tiers?: Record<T, NonNullable<ConfigInput['tiers']>[string]>
}

/**
 * Validates a configuration and fills in its defaults.
 *
 * @throws {ConfigError} naming every field that is wrong, its value, and the mend
 */
export function defineConfig<P extends string, M extends string, T extends string = never>(
  input: Linked<P, M, T>,
): Config {
  return parseConfig(input)
}

/** The same for a value of unknown shape, such as a JSON file. */
export function parseConfig(input: unknown): Config {
  const parsed = v.safeParse(configSchema, input)
  if (!parsed.success) throw new ConfigError(parsed.issues.map(toConfigIssue))
  const broken = [...findBrokenReferences(parsed.output), ...findContradictions(parsed.output)]
  if (broken.length > 0) throw new ConfigError(broken)
  return parsed.output
}

function toConfigIssue(issue: v.BaseIssue<unknown>): ConfigIssue {
  const path = issue.path ?? []
  const keys = path.map((item) => item.key)
  const field = fieldName(keys)
  const unknownKey = issue.type === 'strict_object' && issue.expected === 'never'
  if (unknownKey) return { field, value: 'not a setting', mend: 'Remove it, or correct its spelling.' }
  const missing = issue.input === undefined
  return {
    field,
    value: missing ? 'missing' : NAMES_OF_SECRETS.test(field) ? masked(issue.input) : shown(issue.input),
    mend: `${missing ? 'Add' : 'Make it'} ${expected(issue)}.`,
  }
}

/** Our own messages say what is expected; valibot's default ones start with "Invalid". */
const expected = (issue: v.BaseIssue<unknown>): string =>
  issue.message.startsWith('Invalid') ? (issue.expected ?? 'another value') : issue.message

export const fieldName = (keys: readonly unknown[]): string =>
  keys.reduce<string>(
    (name, key) =>
      typeof key === 'number' ? `${name}[${key}]` : name === '' ? String(key) : `${name}.${String(key)}`,
    '',
  ) || 'the configuration'

/** Fields that name a secret, where people paste the secret itself; build logs must not keep it. */
const NAMES_OF_SECRETS = /(keyFrom|secretFrom|\.headers\..*)$/

function masked(value: unknown): string {
  const text = spelled(value)
  return text.length > 12 ? `${text.slice(0, 5)}…" (${text.length - 2} characters)` : text
}

function shown(value: unknown): string {
  const text = spelled(value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

/** JSON, or what comes closest where JSON has no word: it would turn NaN into null and refuse a big integer. */
function spelled(value: unknown): string {
  if (typeof value === 'number') return String(value)
  return typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? typeof value)
}
