import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../support/ask.ts'
import { chunks, json, startScriptedProvider, type ScriptedProvider } from '../support/scripted-provider.ts'
import { startStack, wholeTextOf, type Stack } from '../support/stack.ts'

/** Habits of servers in the wild. Behind the odd one stands a healthy provider of the other format. */
let provider: ScriptedProvider
let stack: Stack
beforeAll(async () => {
  provider = await startScriptedProvider()
  stack = await startStack({ bindings: { OPENAI_URL: `${provider.url}/v1` } })
})
afterAll(async () => {
  await stack.close()
  await provider.close()
})

const CLIENTS = ['openai', 'anthropic'] as const

describe.each(CLIENTS)('a client of the %s wire', (client) => {
  const stream = (order: 'o' | 'oa' = 'o') => ask(stack, client, stack.freshRoute(order), { stream: true })

  it.each(['', 'stop'])('gets every word where each chunk bears the finish reason %j', async (reason) => {
    provider.answer(
      chunks([
        ['one ', reason],
        ['two ', reason],
        ['three', 'stop'],
      ]),
    )
    expect(await stream()).toMatchObject({ text: 'one two three', ending: 'complete' })
  })

  it('is not told that an answer is whole which stops after an empty finish reason', async () => {
    provider.answer(
      chunks([
        ['one ', ''],
        ['two ', ''],
      ]),
    )
    expect(await stream()).toMatchObject({ text: 'one two ', ending: 'incomplete' })
  })

  it.each(['insufficient_system_resource', 'error', 'network_error', 'abort'])(
    'is told that an answer is incomplete which ends for the reason %j',
    async (reason) => {
      provider.answer(
        chunks([
          ['one ', null],
          ['', reason],
        ]),
      )
      expect(await stream()).toMatchObject({ text: 'one ', ending: 'incomplete' })
    },
  )

  it('is not told that an answer is whole whose tool call breaks off before its finish reason', async () => {
    const call = (fields: object): object => ({
      choices: [{ index: 0, delta: { tool_calls: [{ index: 0, ...fields }] }, finish_reason: null }],
    })
    const half = [
      call({ id: 'c', type: 'function', function: { name: 'f', arguments: '' } }),
      call({ function: { arguments: '{"city":"Par' } }),
      { choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] },
    ]
    provider.answer((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(
        [...half.map((one) => JSON.stringify(one)), '[DONE]', ''].map((data) => `data: ${data}\n\n`).join(''),
      )
    })
    const seen = await stream()
    expect(seen).toMatchObject({ ending: 'incomplete' })
    expect(seen.raw).not.toMatch(/"tool_calls"\}|"(finish|stop)_reason":"/)
  })

  it('gets a whole unstreamed answer from the next provider when a tool call of one breaks off', async () => {
    const calls = [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"city":"Par' } }]
    provider.answer(
      json(200, {
        choices: [{ message: { content: null, tool_calls: calls }, finish_reason: 'tool_calls' }],
      }),
    )
    const seen = await ask(stack, client, stack.freshRoute('oa'), { stream: false })
    expect(seen).toMatchObject({ text: wholeTextOf('anthropic'), ending: 'complete' })
  })

  it('gets a whole unstreamed answer from the next provider when one gave up', async () => {
    provider.answer(json(200, { choices: [{ message: { content: 'one' }, finish_reason: 'error' }] }))
    const seen = await ask(stack, client, stack.freshRoute('oa'), { stream: false })
    expect(seen).toMatchObject({ text: wholeTextOf('anthropic'), ending: 'complete' })
  })

  it('gets its answer from a server that leaves ids, models and counts empty', async () => {
    provider.answer((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const choices = [{ index: 0, delta: { content: 'whole' }, finish_reason: 'stop' }]
      const usage = { prompt_tokens: null, completion_tokens: null }
      response.end(`data: ${JSON.stringify({ id: null, model: null, choices, usage })}\n\ndata: [DONE]`)
    })
    expect(await stream()).toMatchObject({ text: 'whole', ending: 'complete' })
  })

  it('gets the account of an answer whose server gave fewer than were asked for', async () => {
    provider.answer(chunks([['whole', 'stop']]))
    const body = client === 'openai' ? { n: 2 } : {}
    const seen = await ask(stack, client, stack.freshRoute('o'), { stream: true, body })
    expect(seen).toMatchObject({ text: 'whole', ending: 'complete', paceline: { answer: 'complete' } })
  })

  it('gets its answer from a server that leaves out the last blank line', async () => {
    provider.answer(
      chunks([['whole', null]], 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'),
    )
    expect(await stream()).toMatchObject({ text: 'whole', ending: 'complete' })
  })

  it('gets its answer from the next provider when one turns the request away', async () => {
    provider.answer(json(404, { error: { message: 'File not found: file_7', type: 'not_found_error' } }))
    expect(await stream('oa')).toMatchObject({ text: wholeTextOf('anthropic'), ending: 'complete' })
  })

  it('never reads the key that a provider quotes', async () => {
    provider.answer(
      json(400, {
        error: { message: 'Bad request for key sk-abcdefghijklmnop.', type: 'invalid_request_error' },
      }),
    )
    const seen = await stream()
    expect(seen).toMatchObject({ status: 400, ending: 'error' })
    expect(seen.raw).not.toContain('sk-abcdefghijklmnop')
  })
})

it('puts no provider out for one caller’s wrong request', async () => {
  const route = stack.freshRoute('oa')
  provider.answer(json(404, { error: { message: 'File not found: file_7', type: 'not_found_error' } }))
  for (let request = 0; request < 8; request += 1) await ask(stack, 'openai', route, { stream: true })
  provider.answer(chunks([['back', 'stop']]))
  for (const lastAt = Date.now() + 700; Date.now() < lastAt;) {
    const seen = await ask(stack, 'openai', route, { stream: true })
    expect(seen).toMatchObject({ text: 'back', ending: 'complete' })
  }
})
