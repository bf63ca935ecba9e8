import { parseConfig } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import { callFixture } from '../call.fixture.ts'
import type { Answer } from '../call.ts'
import { setUp } from '../setup.ts'
import { openAiWire } from '../wire/openai/wire.ts'
import type { PartStream } from '../wire/part.ts'
import { respond, type Ending } from './respond.ts'

const CONFIG = parseConfig({
  providers: { p: { wire: 'openai', baseUrl: 'https://p.test/v1' } },
  models: { a: { provider: 'p', model: 'a' } },
  routes: { chat: { candidates: ['a'] } },
  keys: { app: { secretFrom: 'KEY' } },
})
const [route] = setUp(CONFIG, {}).routes
const request = openAiWire.parseRequest({
  model: 'chat',
  stream: true,
  messages: [{ role: 'user', content: 'x' }],
})
if (route === undefined || !request.ok) throw new Error('the cast is broken')
const call = callFixture({ route, request: request.value })

async function* buggy(): PartStream {
  yield [{ raw: null, parts: [{ kind: 'text', text: 'one' }] }]
  throw new TypeError('a bug')
}

describe('the response of a stream', () => {
  it('leaves its provider and is over where a bug ends it', async () => {
    const endings: Ending[] = []
    let isLeft = false
    const answer: Answer = {
      kind: 'stream',
      source: { provider: 'p', model: 'a', answer: 'complete' },
      events: buggy(),
      leave: () => {
        isLeft = true
      },
    }
    const response = respond(answer, call, (ending) => endings.push(ending))
    await expect(response.text()).rejects.toThrow('a bug')
    expect({ endings, isLeft }).toEqual({ endings: ['failed'], isLeft: true })
  })
})
