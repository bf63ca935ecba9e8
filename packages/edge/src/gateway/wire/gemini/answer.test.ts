import { describe, expect, it } from 'vitest'
import { geminiWire } from './wire.ts'

const failing = (status: number, message: string, code = 'INVALID_ARGUMENT', details?: unknown): unknown =>
  geminiWire.parseError(
    status,
    { error: { code: status, message, status: code, ...(details === undefined ? {} : { details }) } },
    'headers',
  )
const reason = (name: string): unknown => [
  { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: name, domain: 'googleapis.com' },
]

describe('an error of Gemini', () => {
  it.each<[number, string, string, unknown, string]>([
    [
      400,
      'API key not valid. Please pass a valid API key.',
      'INVALID_ARGUMENT',
      reason('API_KEY_INVALID'),
      'unauthorized',
    ],
    [400, 'Odd words.', 'INVALID_ARGUMENT', reason('API_KEY_INVALID'), 'unauthorized'],
    [403, 'Requests are blocked.', 'PERMISSION_DENIED', reason('API_KEY_SERVICE_BLOCKED'), 'unauthorized'],
    [403, 'It is disabled.', 'PERMISSION_DENIED', reason('SERVICE_DISABLED'), 'unauthorized'],
    [403, 'Your API key was reported as leaked.', 'PERMISSION_DENIED', undefined, 'unauthorized'],
    [401, 'Request had invalid credentials.', 'UNAUTHENTICATED', undefined, 'unauthorized'],
    [403, 'The caller does not have permission', 'PERMISSION_DENIED', undefined, 'turned-away'],
    [400, 'User location is not supported for the API use.', 'FAILED_PRECONDITION', undefined, 'turned-away'],
    [
      404,
      'models/x is not found for API version v1beta, or is not supported.',
      'NOT_FOUND',
      undefined,
      'misconfigured',
    ],
    [429, 'You exceeded your current quota.', 'RESOURCE_EXHAUSTED', undefined, 'rate-limited'],
    [500, 'An internal error has occurred.', 'INTERNAL', undefined, 'server-error'],
    [503, 'The model is overloaded.', 'UNAVAILABLE', undefined, 'overloaded'],
    [504, 'Deadline exceeded.', 'DEADLINE_EXCEEDED', undefined, 'server-error'],
    [
      400,
      'The input token count (9) exceeds the maximum number of tokens allowed (8).',
      'INVALID_ARGUMENT',
      undefined,
      'context-length',
    ],
    [
      400,
      "Function calling with a response mime type: 'application/json' is unsupported",
      'INVALID_ARGUMENT',
      undefined,
      'turned-away',
    ],
    [400, 'Request contains an invalid argument.', 'INVALID_ARGUMENT', undefined, 'invalid-request'],
    // What a caller wrote, and a provider quotes, puts nobody out.
    [
      400,
      "Unknown tool 'API_KEY_INVALID models/x is not found'",
      'INVALID_ARGUMENT',
      undefined,
      'invalid-request',
    ],
  ])('with %i %j tells who has to mend it', (status, message, code, details, kind) => {
    expect(failing(status, message, code, details)).toMatchObject({ kind, status, message })
  })

  it.each<[string, number | undefined]>([
    ['30s', 30_000],
    ['8.5s', 8_500],
    ['999999s', 3_600_000],
    ['soon', undefined],
    ['-5s', undefined],
  ])('asks to be left alone for %j', (retryDelay, ms) => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay }]
    const failure = failing(429, 'Quota.', 'RESOURCE_EXHAUSTED', details)
    expect((failure as { retryAfterMs?: number }).retryAfterMs).toBe(ms)
  })

  it.each([null, 'text', {}, { error: 'odd' }, [], { error: { message: 5 } }])(
    'follows from its status where its body is %j',
    (body) => {
      expect(geminiWire.parseError(503, body, 'headers')).toMatchObject({ kind: 'overloaded', status: 503 })
    },
  )
})

describe('a whole answer of Gemini', () => {
  it.each<[string, unknown, string]>([
    ['nothing', null, 'malformed'],
    ['something else', { choices: [] }, 'malformed'],
    ['without candidates', { usageMetadata: { promptTokenCount: 1 } }, 'truncated'],
    ['without a finish reason', { candidates: [{ content: { parts: [{ text: 'a' }] } }] }, 'truncated'],
    ['given up', { candidates: [{ finishReason: 'MALFORMED_FUNCTION_CALL' }] }, 'server-error'],
    ['blocked', { promptFeedback: { blockReason: 'SAFETY' } }, 'content-policy'],
    ['an error under status 200', { error: { code: 503, status: 'UNAVAILABLE' } }, 'overloaded'],
  ])('is no answer when it is %s', (_, body, kind) => {
    expect(geminiWire.parseAnswer(body)).toMatchObject({ ok: false, failure: { kind, phase: 'body' } })
  })

  it('may say nothing at all, where thinking took all its tokens', () => {
    const body = {
      candidates: [{ content: { role: 'model' }, finishReason: 'MAX_TOKENS', index: 0 }],
      usageMetadata: { promptTokenCount: 4, thoughtsTokenCount: 16, totalTokenCount: 20 },
    }
    expect(geminiWire.parseAnswer(body)).toMatchObject({
      ok: true,
      value: { text: '', finish: 'length', usage: { inputTokens: 4, outputTokens: 16 } },
    })
  })
})
