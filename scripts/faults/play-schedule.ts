import type { Attempt } from '@paceline/mock-provider'
import { ask } from '../../test/support/ask.ts'
import type { House } from './house.ts'
import { judge, type Played } from './judge.ts'
import type { Ask, Schedule } from './schedule.ts'
import { modelOf, PROVIDERS, routeOf, TOTAL_MS, variantOf } from './world.ts'

/** What became of one schedule. */
export interface Outcome {
  readonly schedule: Schedule
  readonly calls: readonly Played[]
  /** What is wrong, each with the call that it is about. */
  readonly violations: readonly string[]
}

/** A provider must be let go of soon after its answer is no longer wanted. */
const LET_GO_MS = 5_000

/** Plays one schedule to its end, and judges every call of it. */
export async function playSchedule(schedule: Schedule, house: House): Promise<Outcome> {
  const { slot, faults, waves } = schedule
  const model = modelOf(slot)
  for (const name of variantOf(slot).providers) house.providers[name].setFault(faults[name] ?? null, model)
  const calls: Played[] = []
  const violations: string[] = []
  for (const wave of waves) {
    await Promise.all(
      wave.map(async (one) => {
        try {
          const seen = await ask(house, one.client, routeOf(slot), {
            stream: one.stream,
            body: bodyOf(one),
            signal: AbortSignal.timeout(2 * TOTAL_MS),
          })
          const played = { ask: one, seen, attempts: await attemptsOf(one, schedule, house) }
          calls.push(played)
          for (const words of judge(played)) violations.push(`${one.tag} ${describe(one)}: ${words}`)
        } catch (error) {
          violations.push(
            `${one.tag} ${describe(one)}: ${error instanceof Error ? error.message : String(error)}`,
          )
        }
      }),
    )
  }
  // A later schedule of the same slot must find its own faults alone.
  for (const name of PROVIDERS) house.providers[name].setFault(null, model)
  return { schedule, calls, violations }
}

const describe = ({ client, stream, tool }: Ask): string =>
  `${client}, ${stream ? 'streamed' : 'at once'}${tool ? ', a tool call' : ''}`

/** What the providers wrote down of one call, each attempt once it is over. */
async function attemptsOf(
  { tag }: Ask,
  { slot, faults }: Schedule,
  house: House,
): Promise<Played['attempts']> {
  const perProvider = await Promise.all(
    variantOf(slot).providers.map((name) =>
      Promise.all(
        house.providers[name]
          .attempts()
          .filter(
            ({ model, requestBody }) => model === modelOf(slot) && JSON.stringify(requestBody).includes(tag),
          )
          .map(async ({ id }) => {
            const attempt = await house.providers[name].waitForAttempt(
              (one) => one.id === id && isOver(one),
              LET_GO_MS,
            )
            return { ...attempt, planned: faults[name] ?? [] }
          }),
      ),
    ),
  )
  return perProvider.flat()
}

const isOver = ({ ending, clientLeftAtMs }: Attempt): boolean =>
  ending === 'stalled' ? clientLeftAtMs !== null : ending !== 'open'

const SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer' }, note: { const: 'Grüße 🚴 aus “Wien”' } },
  required: ['city', 'days', 'note'],
}

function bodyOf({ client, stream, tool, tag }: Ask): object {
  const messages = [{ role: 'user', content: `Why ride in a paceline? ${tag}` }]
  const usage = client === 'openai' && stream ? { stream_options: { include_usage: true } } : {}
  if (!tool) return { messages, ...usage }
  return client === 'openai'
    ? {
        messages,
        ...usage,
        tools: [{ type: 'function', function: { name: 'get_weather', parameters: SCHEMA } }],
      }
    : { messages, tools: [{ name: 'get_weather', input_schema: SCHEMA }] }
}
