import type { FaultPlan } from '@paceline/mock-provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, type ClientWire, type Seen } from '../support/ask.ts'
import { PATIENCE_MS, PLACES } from '../support/places.ts'
import { startStack, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

const SCHEMA = {
  type: 'object',
  properties: { city: { const: 'Sankt Pölten an der Traisen' }, days: { const: 14 } },
  required: ['city', 'days'],
}
const TOOLS: Record<ClientWire, object> = {
  openai: { tools: [{ type: 'function', function: { name: 'get_weather', parameters: SCHEMA } }] },
  anthropic: { tools: [{ name: 'get_weather', input_schema: SCHEMA }] },
}
const INPUT = { city: 'Sankt Pölten an der Traisen', days: 14 }

const askForTool = (client: ClientWire, route: string, stream: boolean): Promise<Seen> =>
  ask(stack, client, route, { stream, body: TOOLS[client] })

/** What breaks a tool call in two. */
const CUTS: readonly { name: string; fault: FaultPlan }[] = [
  { name: 'a reset', fault: { kind: 'cut-in-tool-call' } },
  { name: 'a closed connection', fault: { kind: 'cut-in-tool-call', by: 'close' } },
  { name: 'a clean end', fault: { kind: 'cut-in-tool-call', by: 'end' } },
  { name: 'a stall', fault: { kind: 'stall', afterTokens: 3 } },
  { name: 'an in-band error', fault: { kind: 'in-band-error', afterTokens: 3 } },
  { name: 'a malformed event', fault: { kind: 'malformed', afterTokens: 3 } },
  { name: 'a clean end before the finish marker', fault: { kind: 'cut', afterTokens: 99, by: 'end' } },
]

describe.each(PLACES)(
  'a client of the $client wire, when $faulty calls a tool',
  ({ client, order, faulty, healthy }) => {
    it.concurrent.each([true, false])('gets all of the call (streamed: %s)', async (stream) => {
      const route = stack.freshRoute(order)
      const seen = await askForTool(client, route, stream)
      expect(seen).toMatchObject({ status: 200, ending: 'complete' })
      expect(JSON.parse(seen.toolInput)).toEqual(INPUT)
      expect(stack.asked(healthy, route)).toHaveLength(0)
    })

    // Half a call can neither be continued by another model nor be taken back.
    it.concurrent.each(CUTS)('is told that a call is incomplete after $name', async ({ fault }) => {
      const route = stack.freshRoute(order)
      stack.spoil(faulty, route, fault)
      const seen = await askForTool(client, route, true)
      expect(seen).toMatchObject({ status: 200, ending: 'incomplete' })
      expect(seen.message).toContain('incomplete')
      expect(seen.paceline).toMatchObject({ provider: faulty, answer: 'incomplete' })
      expect(seen.raw).not.toMatch(
        /\[DONE\]|message_stop|"finish_reason":"tool_calls"|"stop_reason":"tool_use"/,
      )
      expect(seen.tookMs).toBeLessThan(PATIENCE_MS)
      const [attempt, ...others] = await stack.settled(faulty, route)
      expect(others).toHaveLength(0)
      expect(attempt?.pieces.join('').startsWith(seen.toolInput)).toBe(true)
      expect(stack.asked(healthy, route)).toHaveLength(0)
    })

    it.concurrent.each(CUTS)(
      'gets the whole call of the next, where nothing streams, after $name',
      async ({ fault }) => {
        const route = stack.freshRoute(order)
        stack.spoil(faulty, route, fault)
        const seen = await askForTool(client, route, false)
        expect(seen).toMatchObject({ status: 200, ending: 'complete' })
        expect(seen.headers.get('paceline-provider')).toBe(healthy)
        expect(JSON.parse(seen.toolInput)).toEqual(INPUT)
        expect(await stack.settled(faulty, route)).toHaveLength(1)
      },
    )

    it.concurrent.each([true, false])(
      'gets the whole call of the next when nothing of the first came (streamed: %s)',
      async (stream) => {
        const route = stack.freshRoute(order)
        stack.spoil(faulty, route, { kind: 'reset' })
        const seen = await askForTool(client, route, stream)
        expect(seen).toMatchObject({ status: 200, ending: 'complete' })
        expect(JSON.parse(seen.toolInput)).toEqual(INPUT)
        expect(await stack.settled(healthy, route)).toMatchObject([{ ending: 'complete' }])
      },
    )
  },
)
