import { describe, expect, it } from 'vitest'
import { anthropicWire } from './anthropic/wire.ts'
import { openAiWire } from './openai/wire.ts'

const openAi = (status: number, error: unknown): unknown =>
  openAiWire.parseError(status, { error }, 'headers')

describe('what an error of a provider means', () => {
  it.each<[number, string]>([
    [400, 'invalid-request'],
    [401, 'unauthorized'],
    [402, 'unauthorized'],
    [403, 'turned-away'],
    [408, 'overloaded'],
    [409, 'overloaded'],
    [413, 'invalid-request'],
    [422, 'invalid-request'],
    [425, 'overloaded'],
    [429, 'rate-limited'],
    [500, 'server-error'],
    [502, 'server-error'],
    [503, 'overloaded'],
    [504, 'server-error'],
    [529, 'overloaded'],
    [302, 'malformed'],
    [204, 'malformed'],
  ])('follows from the status %i', (status, kind) => {
    for (const body of [null, {}, 'text', { error: { message: 'm' } }]) {
      expect(openAiWire.parseError(status, body, 'headers')).toMatchObject({ kind, status })
      expect(anthropicWire.parseError(status, body, 'headers')).toMatchObject({ kind, status })
    }
  })

  it.each([404, 405])('follows from the status %i: the address is wrong where no word is said', (status) => {
    for (const wire of [openAiWire, anthropicWire]) {
      for (const body of [null, {}, 'text', { error: {} }, { error: { message: null, type: 't' } }]) {
        expect(wire.parseError(status, body, 'headers')).toMatchObject({ kind: 'misconfigured', status })
      }
      const body = { error: { message: 'No such file.', type: 'not_found_error' } }
      expect(wire.parseError(status, body, 'headers')).toMatchObject({ kind: 'turned-away', status })
    }
  })

  it.each<[number, object, string]>([
    [404, { code: 'model_not_found', message: 'The model `m` does not exist.' }, 'misconfigured'],
    [404, { code: 'model_not_found', message: 'm' }, 'misconfigured'],
    [400, { code: 'model_not_found', message: 'm' }, 'misconfigured'],
    [404, { message: 'model: claude-x' }, 'misconfigured'],
    [404, { message: "model 'llama' not found, try pulling it first" }, 'misconfigured'],
    [404, { message: "File 'the model x' not found" }, 'turned-away'],
    [404, { message: 'Modelling clay not found' }, 'turned-away'],
    [400, { message: 'model: must be a string' }, 'invalid-request'],
    [400, { code: 'invalid_api_key', message: 'm' }, 'unauthorized'],
    [403, { code: 'invalid_api_key', message: 'm' }, 'unauthorized'],
    [400, { code: 'billing_hard_limit_reached', message: 'm' }, 'unauthorized'],
    [400, { message: 'API key not valid. Please pass a valid API key.' }, 'unauthorized'],
    [400, { message: 'Incorrect API key provided.' }, 'unauthorized'],
    [400, { message: 'Your credit balance is too low.' }, 'unauthorized'],
    // What a caller wrote, and a provider quotes, puts nobody out.
    [400, { message: "Unknown tool 'incorrect api key'" }, 'invalid-request'],
    [400, { message: "Bad value: 'invalid_api_key model_not_found'" }, 'invalid-request'],
    [403, { message: "Not for you: 'API key not valid'" }, 'turned-away'],
    [400, { code: 'unsupported_value', message: 'm' }, 'turned-away'],
    [400, { message: "'logprobs' is not supported with this model." }, 'turned-away'],
    [400, { message: 'This model does not take an assistant message prefill.' }, 'turned-away'],
    [400, { message: 'The last message must be from the user, not from the assistant.' }, 'turned-away'],
    [400, { message: 'Expected last role User or Tool for serving but got assistant' }, 'turned-away'],
    [403, { type: 'permission_error', message: 'm' }, 'turned-away'],
    [403, { message: 'prompt is too long' }, 'context-length'],
    [429, { code: 'insufficient_quota', message: 'm' }, 'rate-limited'],
  ])('tells from a %i who has to mend it: %j', (status, error, kind) => {
    expect(openAi(status, error)).toMatchObject({ kind })
  })

  it.each<[number, object, string]>([
    [400, { code: 'context_length_exceeded', message: 'm' }, 'context-length'],
    [400, { message: "This model's maximum context length is 128000 tokens." }, 'context-length'],
    [400, { message: 'prompt is too long: 210000 tokens > 200000 maximum' }, 'context-length'],
    [413, { message: 'too many input tokens' }, 'context-length'],
    [400, { code: 'content_policy_violation', message: 'm' }, 'content-policy'],
    [400, { code: 'content_filter', message: 'm' }, 'content-policy'],
    [400, { message: 'Rejected by our safety system.' }, 'content-policy'],
    [403, { code: 'content_filter', message: 'm' }, 'content-policy'],
    // What a busy provider says in passing changes nothing.
    [429, { message: 'too many tokens per minute; see our content policy' }, 'rate-limited'],
    [503, { message: 'maximum context servers are busy' }, 'overloaded'],
  ])('follows from the words of a %i where it is about the request: %j', (status, error, kind) => {
    expect(openAi(status, error)).toMatchObject({ kind })
  })

  it.each<[object | string, string]>([
    [{ type: 'overloaded_error' }, 'overloaded'],
    [{ type: 'rate_limit_error' }, 'rate-limited'],
    [{ code: 'rate_limit_exceeded' }, 'rate-limited'],
    [{ code: 'insufficient_quota' }, 'unauthorized'],
    [{ type: 'billing_error' }, 'unauthorized'],
    [{ type: 'permission_error' }, 'turned-away'],
    [{ code: 'model_not_found' }, 'misconfigured'],
    [{ message: 'API key expired. Please renew the API key.' }, 'unauthorized'],
    [{ type: 'authentication_error' }, 'unauthorized'],
    [{ code: 'invalid_api_key' }, 'unauthorized'],
    [{ type: 'not_found_error' }, 'turned-away'],
    [{ type: 'timeout_error' }, 'overloaded'],
    [{ type: 'invalid_request_error' }, 'invalid-request'],
    [{ type: 'invalid_request_error', code: 'context_length_exceeded' }, 'context-length'],
    [{ type: 'api_error' }, 'server-error'],
    [{ message: 'odd' }, 'server-error'],
    ['odd', 'server-error'],
    // Some gateways repeat the status in the event.
    [{ code: 429 }, 'rate-limited'],
    [{ code: 503 }, 'overloaded'],
    [{ code: '401' }, 'unauthorized'],
    [{ code: 502 }, 'server-error'],
    [{ code: 403 }, 'turned-away'],
    [{ code: 404 }, 'misconfigured'],
  ])('follows from its name where it came in band: %j', (error, kind) => {
    const [part] = openAiWire.streamDecoder(1).decode({ event: '', data: JSON.stringify({ error }) })
    expect(part).toMatchObject({ kind: 'error', failure: { kind } })
  })

  it("keeps the provider's own words and field", () => {
    expect(openAi(400, { message: 'no such tool', code: 'bad_tool', param: 'tools[0]' })).toEqual({
      kind: 'invalid-request',
      phase: 'headers',
      message: 'no such tool',
      status: 400,
      param: 'tools[0]',
    })
  })

  it.each([
    'Incorrect API key provided: sk-proj-aB3_dE6.****',
    'sk-ant-api03-aaaaaaaaaaaa was refused',
    "no such key: 'gsk_aaaaaaaaaaaaaaaa'",
    'xai-aaaaaaaaaaaa is out',
    'Key AIzaSyAaaaaaaaaaaa expired',
  ])('shows nobody the key in %j', (message) => {
    const told = (openAi(401, { message }) as { message: string }).message
    expect(told).toContain('[key]')
    expect(told).not.toMatch(/a{6}|sk-proj|aB3/)
  })

  it.each(['Unknown field: skip_special_tokens', 'No such tool: skateboarding', 'Bad keyword_arguments'])(
    'takes no word for a key: %j',
    (message) => {
      expect(openAi(400, { message })).toMatchObject({ message })
    },
  )

  it('reads an error that comes in a list, as one well-known server sends it', () => {
    const body = [
      {
        error: {
          code: 400,
          message: 'The input token count (9) exceeds the maximum number of tokens allowed (8).',
          status: 'INVALID_ARGUMENT',
        },
      },
    ]
    expect(openAiWire.parseError(400, body, 'headers')).toMatchObject({
      kind: 'context-length',
      message: 'The input token count (9) exceeds the maximum number of tokens allowed (8).',
    })
  })
})

describe('a whole answer of a provider', () => {
  const choice = { message: { content: 'a' }, finish_reason: 'stop' }

  it.each<[string, unknown, string]>([
    ['nothing', null, 'malformed'],
    ['no choices', { choices: [] }, 'malformed'],
    ['an answer without its finish marker', { choices: [{ message: { content: 'a' } }] }, 'truncated'],
    [
      'a second answer without its finish marker',
      { choices: [choice, { message: { content: 'b' }, finish_reason: null }] },
      'truncated',
    ],
    ['an error under status 200', { error: { message: 'busy', type: 'overloaded_error' } }, 'overloaded'],
    ['an error in a word', { error: 'broken', choices: [choice] }, 'server-error'],
    ['an answer that is not finished yet', { choices: [{ ...choice, finish_reason: '' }] }, 'truncated'],
    ['an answer that was given up', { choices: [{ ...choice, finish_reason: 'error' }] }, 'server-error'],
    [
      'a second answer that was given up',
      { choices: [choice, { ...choice, finish_reason: 'abort' }] },
      'server-error',
    ],
  ])('is no answer when it is %s (OpenAI)', (_, body, kind) => {
    expect(openAiWire.parseAnswer(body)).toMatchObject({ ok: false, failure: { kind, phase: 'body' } })
  })

  it.each<[string, unknown, string]>([
    ['nothing', null, 'malformed'],
    ['of another type', { type: 'completion', content: [] }, 'malformed'],
    ['without its finish marker', { type: 'message', content: [], stop_reason: null }, 'truncated'],
    [
      'an error under status 200',
      { type: 'error', error: { message: 'busy', type: 'overloaded_error' } },
      'overloaded',
    ],
  ])('is no answer when it is %s (Anthropic)', (_, body, kind) => {
    expect(anthropicWire.parseAnswer(body)).toMatchObject({ ok: false, failure: { kind, phase: 'body' } })
  })

  it.each([{}, null, '', { message: null, code: null }, { message: '', type: '' }])(
    'is one though it bears the error %j, which says nothing',
    (error) => {
      expect(openAiWire.parseAnswer({ error, choices: [choice] })).toMatchObject({ ok: true })
    },
  )

  it('is one without ids, models and counts', () => {
    const usage = { prompt_tokens: null, completion_tokens: 3, prompt_tokens_details: null }
    expect(openAiWire.parseAnswer({ id: null, model: null, usage, choices: [choice] })).toMatchObject({
      ok: true,
      value: { id: '', model: '', usage: { inputTokens: 0, outputTokens: 3, cachedInputTokens: 0 } },
    })
    expect(openAiWire.parseAnswer({ usage: 'odd', choices: [choice] })).toMatchObject({
      value: { usage: null },
    })
  })

  it('is read where it says what it thinks and says in a list of pieces', () => {
    const content = [
      {
        type: 'thinking',
        thinking: [
          { type: 'text', text: 'hm' },
          { type: 'text', text: '!' },
        ],
      },
      { type: 'text', text: 'a' },
      { type: 'reference', reference_ids: [1] },
      { type: 'text', text: 'b' },
    ]
    expect(openAiWire.parseAnswer({ choices: [{ ...choice, message: { content } }] })).toMatchObject({
      value: { reasoning: 'hm!', text: 'ab' },
    })
  })

  it('reads a refusal for its text', () => {
    const body = { choices: [{ message: { content: '', refusal: 'I will not.' }, finish_reason: 'stop' }] }
    expect(openAiWire.parseAnswer(body)).toMatchObject({ ok: true, value: { text: 'I will not.' } })
  })
})
