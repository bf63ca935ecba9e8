import { describe, expect, it } from 'vitest'
import type { Part } from '../part.ts'
import { workersAiWire } from './wire.ts'

const decode = (...events: readonly unknown[]): Part[] => {
  const decoder = workersAiWire.streamDecoder(1, 20)
  return events.flatMap((event) =>
    decoder.decode({ event: '', data: typeof event === 'string' ? event : JSON.stringify(event) }),
  )
}
const DONE = '[DONE]'
const kinds = (parts: readonly Part[]): string[] => parts.map(({ kind }) => kind)
const chunk = (delta: object, finish: string | null = null): object => ({
  id: 'x',
  choices: [{ index: 0, delta, finish_reason: finish }],
})

describe('a stream of Workers AI', () => {
  it('in its own shape is finished by its end alone', () => {
    const said = [
      { response: 'a' },
      { response: 'b', p: 'x' },
      { response: '', usage: { completion_tokens: 2 } },
    ]
    expect(kinds(decode(...said))).not.toContain('finish')
    expect(decode(...said, DONE).slice(-2)).toEqual([{ kind: 'finish', reason: 'stop' }, { kind: 'done' }])
  })

  it('in its own shape was cut off where it has as many tokens as were asked for', () => {
    const parts = decode({ response: 'a' }, { response: '', usage: { completion_tokens: 20 } }, DONE)
    expect(parts).toContainEqual({ kind: 'finish', reason: 'length' })
  })

  it("in OpenAI's shape is finished by its finish reason, and never by its end", () => {
    expect(kinds(decode(chunk({ content: 'a' }), DONE))).not.toContain('finish')
    expect(decode(chunk({ content: 'a' }), chunk({}, 'length'), DONE).slice(-2)).toEqual([
      { kind: 'finish', reason: 'length' },
      { kind: 'done' },
    ])
    // Some models count in the other shape.
    const counted = { response: '', usage: { prompt_tokens: 1, completion_tokens: 2 } }
    expect(kinds(decode(chunk({ content: 'a' }), counted, DONE))).not.toContain('finish')
    const finished = decode(
      chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f' } }] }, 'tool_calls'),
      counted,
      DONE,
    )
    expect(finished.filter(({ kind }) => kind === 'finish')).toEqual([
      { kind: 'finish', reason: 'tool-calls' },
    ])
  })

  it('has calls whole, or in pieces as OpenAI streams them', () => {
    const whole = {
      tool_calls: [
        { name: 'f', arguments: { a: 1 } },
        { name: 'g', arguments: '{"b":2}' },
      ],
    }
    expect(decode(whole, DONE)).toMatchObject([
      { kind: 'start' },
      { kind: 'tool-call', index: 0, name: 'f' },
      { kind: 'tool-input', index: 0, json: '{"a":1}' },
      { kind: 'tool-call', index: 1, name: 'g' },
      { kind: 'tool-input', index: 1, json: '{"b":2}' },
      { kind: 'finish', reason: 'tool-calls' },
      { kind: 'done' },
    ])
    const piece = (more: object): object => ({ tool_calls: [{ index: 0, ...more }] })
    const pieces = [
      piece({ id: 'c', type: 'function', function: { name: 'f', arguments: '' } }),
      piece({ function: { arguments: '{"a"' } }),
      piece({ function: { arguments: ':1}' } }),
      piece({ id: null, type: null, function: { name: null, arguments: '' } }),
    ]
    expect(decode(...pieces, DONE).slice(1)).toEqual([
      { kind: 'tool-call', index: 0, id: 'c', name: 'f' },
      { kind: 'tool-input', index: 0, json: '{"a"' },
      { kind: 'tool-input', index: 0, json: ':1}' },
      { kind: 'finish', reason: 'tool-calls' },
      { kind: 'done' },
    ])
  })

  it.each(['{', '', '5', 'null', '[]', '{"response":"a","tool_calls":5}'])('is broken by %j', (data) => {
    expect(decode(data).at(-1)).toMatchObject({ kind: 'error', failure: { kind: 'malformed' } })
  })

  it.each<[object, string]>([
    [{ internalCode: 3040, description: 'Capacity temporarily exceeded' }, 'overloaded'],
    [{ errors: [{ code: 3040, message: 'AiError: no capacity' }], success: false }, 'overloaded'],
    [{ error: { message: 'busy', type: 'server_error' } }, 'server-error'],
  ])('fails by an error in band: %j', (error, kind) => {
    expect(decode({ response: 'a' }, error).at(-1)).toMatchObject({
      kind: 'error',
      failure: { kind, phase: 'stream' },
    })
  })
})

describe('an error of Workers AI', () => {
  it.each<[number, number, string]>([
    [400, 5007, 'misconfigured'],
    [404, 3042, 'misconfigured'],
    [403, 5018, 'unauthorized'],
    [403, 5016, 'unauthorized'],
    [403, 3023, 'unauthorized'],
    [429, 3040, 'overloaded'],
    [429, 3036, 'rate-limited'],
    [408, 3007, 'overloaded'],
    [400, 5006, 'invalid-request'],
    [400, 9999, 'invalid-request'],
    [500, 9999, 'server-error'],
  ])('under status %i and code %i tells who has to mend it', (status, internalCode, kind) => {
    const body = { internalCode, name: 'AiError', description: 'words' }
    expect(workersAiWire.parseError(status, body, 'headers')).toMatchObject({
      kind,
      status,
      message: 'words',
    })
    const listed = { errors: [{ code: internalCode, message: 'words' }] }
    expect(workersAiWire.parseError(status, listed, 'headers')).toMatchObject({ kind, message: 'words' })
  })

  it.each([null, 'text', {}, { errors: [] }])('follows from its status where its body is %j', (body) => {
    expect(workersAiWire.parseError(503, body, 'headers')).toMatchObject({ kind: 'overloaded' })
  })

  it.each<[string, unknown, string]>([
    ['nothing', null, 'malformed'],
    ['a request id, as for jobs that run later', { request_id: 'x' }, 'malformed'],
    ['an error under status 200', { internalCode: 5007, description: 'No such model' }, 'misconfigured'],
    ['broken', { response: 'a', tool_calls: 5 }, 'malformed'],
    ['half of a chat completion', { choices: [{ message: { content: 'a' } }] }, 'truncated'],
  ])('stands in place of an answer that is %s', (_, body, kind) => {
    expect(workersAiWire.parseAnswer(body)).toMatchObject({ ok: false, failure: { kind, phase: 'body' } })
  })
})
