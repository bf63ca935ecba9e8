import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PLACES } from '../support/places.ts'
import { startStack, type Stack } from '../support/stack.ts'

/** More than the sockets on the way can hold, so that a reader who rests holds up the provider. */
const WORDS = 4_000
const WORD_BYTES = 4_000

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
  const text = Array.from({ length: WORDS }, (_, number) => `${number}${'x'.repeat(WORD_BYTES)}`).join(' ')
  for (const provider of [stack.openai, stack.anthropic]) provider.configure({ texts: [text] })
})
afterAll(() => stack.close())

describe.each(PLACES)(
  'a client of the $client wire that reads slowly',
  ({ client, order, faulty, healthy }) => {
    it('rests longer than a provider may, and gets its whole answer all the same', async () => {
      const route = stack.freshRoute(order)
      const response = await fetch(
        `${stack.url}${client === 'openai' ? '/v1/chat/completions' : '/v1/messages'}`,
        {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${stack.key}` },
          body: JSON.stringify({
            model: route,
            stream: true,
            max_tokens: 100_000,
            messages: [{ role: 'user', content: 'Why ride in a paceline?' }],
          }),
        },
      )
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
      let text = (await reader?.read())?.value ?? ''
      // Twice the gap that a silent provider is allowed.
      await setTimeout(800)
      const [held] = stack.asked(faulty, route)
      expect(held).toMatchObject({ ending: 'open', clientLeftAtMs: null })
      expect(held?.tokensSent).toBeLessThan(WORDS)
      for (let step = await reader?.read(); step?.done === false; step = await reader?.read())
        text += step.value

      expect(text.match(/[ "]\d+xxx/g)).toHaveLength(WORDS)
      expect(text).toContain('"answer":"complete"')
      expect(text.trimEnd()).toMatch(client === 'openai' ? /data: \[DONE\]$/ : /message_stop.*$/)
      expect(await stack.settled(faulty, route)).toMatchObject([{ ending: 'complete', tokensSent: WORDS }])
      expect(stack.asked(healthy, route)).toHaveLength(0)
    })
  },
)
