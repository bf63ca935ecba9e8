import type { Answer } from '../answer/answer.ts'
import { readAnthropicPrompt } from './anthropic-request.ts'
import {
  type Part,
  type Refusal,
  type RefusalKind,
  type ResponseContext,
  type Wire,
  type WireEvent,
} from './wire.ts'

const stopReasons = {
  end: 'end_turn',
  'stop-sequence': 'stop_sequence',
  length: 'max_tokens',
  'tool-call': 'tool_use',
} as const satisfies Record<Answer['stop'], string>

/** Anthropic Messages. */
export const anthropic: Wire = {
  id: 'anthropic',
  recognise: (path) => (path === '/v1/messages' ? { model: null, stream: null } : null),
  readPrompt: (body) => readAnthropicPrompt(body),
  keyOf: ({ headers }) =>
    headers.get('x-api-key') ?? /^bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1] ?? null,

  events: (answer, context) => [
    event('role', 'message_start', {
      message: { ...messageOf(context), content: [], usage: usageOf(answer, 1) },
    }),
    event('role', 'content_block_start', { index: 0, content_block: emptyBlock(answer, context) }),
    event('role', 'ping', {}),
    ...answer.pieces.map((piece) =>
      event('token', 'content_block_delta', { index: 0, delta: deltaOf(answer, piece) }),
    ),
    event('finish', 'content_block_stop', { index: 0 }),
    event('finish', 'message_delta', {
      delta: stopOf(answer),
      usage: usageOf(answer, answer.usage.outputTokens),
    }),
    event('terminator', 'message_stop', {}),
  ],

  body: (answer, context) =>
    JSON.stringify({
      ...messageOf(context),
      content: [wholeBlock(answer, context)],
      ...stopOf(answer),
      usage: usageOf(answer, answer.usage.outputTokens),
    }),

  headers: (context) => ({
    'request-id': `req_${context.id}`,
    'anthropic-organization-id': 'mock',
    'anthropic-ratelimit-requests-limit': '10000',
    'anthropic-ratelimit-requests-remaining': '9999',
  }),

  refusalBody: (refusal, context) => JSON.stringify(errorOf(refusal, context)),
  refusalEvent: (refusal, context) => ({
    part: 'error',
    event: 'error',
    data: JSON.stringify(errorOf(refusal, context)),
  }),
}

function event(part: Part, type: string, fields: object): WireEvent {
  return { part, event: type, data: JSON.stringify({ type, ...fields }) }
}

function messageOf({ id, model }: ResponseContext): object {
  return {
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
  }
}

function stopOf(answer: Answer): object {
  const stopSequence = answer.type === 'text' ? answer.stopSequence : null
  return { stop_reason: stopReasons[answer.stop], stop_sequence: stopSequence }
}

function emptyBlock(answer: Answer, { id }: ResponseContext): object {
  if (answer.type === 'text') return { type: 'text', text: '' }
  return { type: 'tool_use', id: `toolu_${id}`, name: answer.tool, input: {} }
}

function wholeBlock(answer: Answer, context: ResponseContext): object {
  if (answer.type === 'text') return { type: 'text', text: answer.pieces.join('') }
  return { ...emptyBlock(answer, context), input: answer.arguments }
}

function deltaOf(answer: Answer, piece: string): object {
  if (answer.type === 'text') return { type: 'text_delta', text: piece }
  return { type: 'input_json_delta', partial_json: piece }
}

function usageOf({ usage }: Answer, outputTokens: number): object {
  return {
    input_tokens: usage.inputTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: outputTokens,
    service_tier: 'standard',
  }
}

function errorOf({ kind, message }: Refusal, { id, model }: ResponseContext): object {
  const [type, usual] = errorWords(model)[kind]
  return { type: 'error', error: { type, message: message ?? usual }, request_id: `req_${id}` }
}

const errorWords = (
  model: string,
): Readonly<Record<RefusalKind, readonly [type: string, message: string]>> => ({
  'rate-limit': ['rate_limit_error', "This request would exceed your organization's rate limit."],
  'server-error': ['api_error', 'Internal server error'],
  unavailable: ['api_error', 'Service unavailable'],
  overloaded: ['overloaded_error', 'Overloaded'],
  auth: ['authentication_error', 'invalid x-api-key'],
  'context-length': ['invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'],
  'content-policy': ['invalid_request_error', 'Output blocked by content filtering policy'],
  'prefill-refused': [
    'invalid_request_error',
    'This model does not support assistant message prefill. The conversation must end with a user message.',
  ],
  'unknown-model': ['not_found_error', `model: ${model}`],
  'invalid-request': ['invalid_request_error', 'Invalid request'],
})
