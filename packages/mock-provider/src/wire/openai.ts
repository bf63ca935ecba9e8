import type { Answer, Usage } from '../answer/answer.ts'
import { readOpenAiPrompt } from './openai-request.ts'
import {
  type Part,
  type Refusal,
  type RefusalKind,
  type ResponseContext,
  type Wire,
  type WireEvent,
} from './wire.ts'

const finishReasons = {
  end: 'stop',
  'stop-sequence': 'stop',
  length: 'length',
  'tool-call': 'tool_calls',
} as const satisfies Record<Answer['stop'], string>

/** OpenAI Chat Completions. */
export const openai: Wire = {
  id: 'openai',
  recognise: (path) => (path === '/v1/chat/completions' ? { model: null, stream: null } : null),
  readPrompt: (body) => readOpenAiPrompt(body),
  keyOf: ({ headers }) => /^bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1] ?? null,

  events(answer, context) {
    const chunk = (part: Part, choices: readonly unknown[], usage: unknown = null): WireEvent => ({
      part,
      event: null,
      data: JSON.stringify({
        id: `chatcmpl-${context.id}`,
        object: 'chat.completion.chunk',
        created: context.createdAtS,
        model: context.model,
        service_tier: 'default',
        system_fingerprint: 'fp_mock',
        choices,
        ...(context.includeUsage ? { usage } : {}),
      }),
    })
    const delta = (part: Part, change: unknown, finishReason: string | null = null): WireEvent =>
      chunk(part, [{ index: 0, delta: change, logprobs: null, finish_reason: finishReason }])
    return [
      delta('role', firstDelta(answer, context)),
      ...answer.pieces.map((piece) => delta('token', pieceDelta(answer, piece))),
      delta('finish', {}, finishReasons[answer.stop]),
      ...(context.includeUsage ? [chunk('usage', [], usageOf(answer.usage))] : []),
      { part: 'terminator', event: null, data: '[DONE]' },
    ]
  },

  body: (answer, context) =>
    JSON.stringify({
      id: `chatcmpl-${context.id}`,
      object: 'chat.completion',
      created: context.createdAtS,
      model: context.model,
      choices: [
        {
          index: 0,
          message: messageOf(answer, context),
          logprobs: null,
          finish_reason: finishReasons[answer.stop],
        },
      ],
      usage: usageOf(answer.usage),
      service_tier: 'default',
      system_fingerprint: 'fp_mock',
    }),

  headers: (context) => ({
    'x-request-id': `req_${context.id}`,
    'openai-version': '2020-10-01',
    'openai-processing-ms': '1',
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-remaining-requests': '9999',
  }),

  refusalBody: (refusal, context) => JSON.stringify(errorOf(refusal, context)),
  refusalEvent: (refusal, context) => ({
    part: 'error',
    event: null,
    data: JSON.stringify(errorOf(refusal, context)),
  }),
}

function firstDelta(answer: Answer, context: ResponseContext): unknown {
  if (answer.type === 'text') return { role: 'assistant', content: '', refusal: null }
  const call = { id: `call_${context.id}`, type: 'function', function: { name: answer.tool, arguments: '' } }
  return { role: 'assistant', content: null, tool_calls: [{ index: 0, ...call }], refusal: null }
}

function pieceDelta(answer: Answer, piece: string): unknown {
  if (answer.type === 'text') return { content: piece }
  return { tool_calls: [{ index: 0, function: { arguments: piece } }] }
}

function messageOf(answer: Answer, context: ResponseContext): unknown {
  const text = answer.pieces.join('')
  if (answer.type === 'text') return { role: 'assistant', content: text, refusal: null, annotations: [] }
  const call = {
    id: `call_${context.id}`,
    type: 'function',
    function: { name: answer.tool, arguments: text },
  }
  return { role: 'assistant', content: null, tool_calls: [call], refusal: null, annotations: [] }
}

function usageOf({ inputTokens, outputTokens }: Usage): unknown {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}

interface ErrorWords {
  readonly message: string
  readonly type: string
  readonly param?: string
  readonly code?: string
}

function errorOf({ kind, message }: Refusal, { model }: ResponseContext): unknown {
  const words = errorWords(model)[kind]
  return {
    error: {
      message: message ?? words.message,
      type: words.type,
      param: words.param ?? null,
      code: words.code ?? null,
    },
  }
}

const errorWords = (model: string): Readonly<Record<RefusalKind, ErrorWords>> => ({
  'rate-limit': {
    message: `Rate limit reached for ${model} on requests per min (RPM). Please try again later.`,
    type: 'requests',
    code: 'rate_limit_exceeded',
  },
  'server-error': {
    message: 'The server had an error while processing your request. Sorry about that!',
    type: 'server_error',
  },
  unavailable: {
    message: 'The engine is currently overloaded, please try again later.',
    type: 'server_error',
  },
  overloaded: {
    message: 'Overloaded. Please try again later.',
    type: 'overloaded_error',
    code: 'overloaded',
  },
  auth: { message: 'Incorrect API key provided.', type: 'invalid_request_error', code: 'invalid_api_key' },
  'context-length': {
    message:
      "This model's maximum context length is 128000 tokens. Please reduce the length of the messages.",
    type: 'invalid_request_error',
    param: 'messages',
    code: 'context_length_exceeded',
  },
  'content-policy': {
    message: 'Your request was rejected as a result of our safety system.',
    type: 'invalid_request_error',
    code: 'content_policy_violation',
  },
  'prefill-refused': {
    message: 'The last message must be from the user or a tool, not from the assistant.',
    type: 'invalid_request_error',
    param: 'messages',
  },
  'unknown-model': {
    message: `The model \`${model}\` does not exist or you do not have access to it.`,
    type: 'invalid_request_error',
    code: 'model_not_found',
  },
  'invalid-request': { message: 'Invalid request.', type: 'invalid_request_error' },
})
