import type { Answer } from '../answer/answer.ts'
import { readGeminiPrompt } from './gemini-request.ts'
import {
  refusalStatuses,
  type Part,
  type Refusal,
  type RefusalKind,
  type ResponseContext,
  type Wire,
  type WireEvent,
} from './wire.ts'

const finishReasons = {
  end: 'STOP',
  'stop-sequence': 'STOP',
  length: 'MAX_TOKENS',
  'tool-call': 'STOP',
} as const satisfies Record<Answer['stop'], string>

// Greedy: a fault suffix in the model's name may contain colons, so the method is what follows the last one.
const callPath = /^\/v1beta\/models\/(.+):(generateContent|streamGenerateContent)$/

/** Gemini generateContent. Its streams have no role chunk and no terminator; a tool call comes whole, in one event. */
export const gemini: Wire = {
  id: 'gemini',
  recognise(path) {
    const [, model, method] = callPath.exec(path) ?? []
    return model === undefined ? null : { model: decode(model), stream: method === 'streamGenerateContent' }
  },
  readPrompt(body, call, query) {
    if (call.stream === true && query.get('alt') !== 'sse') {
      return { ok: false, message: 'This mock streams server-sent events only: add ?alt=sse to the path.' }
    }
    return readGeminiPrompt(body, call)
  },
  keyOf: ({ headers, query }) => headers.get('x-goog-api-key') ?? query.get('key'),

  events(answer, context) {
    const chunk = (part: Part, parts: readonly object[], sent: number, finishReason?: string): WireEvent => ({
      part,
      event: null,
      data: JSON.stringify(responseOf(answer, context, parts, sent, finishReason)),
    })
    const tokens =
      answer.type === 'text'
        ? answer.pieces.map((text, index) => chunk('token', [{ text }], index + 1))
        : [chunk('token', partsOf(answer, context), answer.pieces.length)]
    return [...tokens, chunk('finish', [{ text: '' }], answer.pieces.length, finishReasons[answer.stop])]
  },

  body: (answer, context) =>
    JSON.stringify(
      responseOf(answer, context, partsOf(answer, context), answer.pieces.length, finishReasons[answer.stop]),
    ),

  headers: () => ({ 'server-timing': 'gfet4t7; dur=1', 'x-content-type-options': 'nosniff' }),

  refusalBody: (refusal, context) => JSON.stringify(errorOf(refusal, context)),
  refusalEvent: (refusal, context) => ({
    part: 'error',
    event: null,
    data: JSON.stringify(errorOf(refusal, context)),
  }),
}

function decode(model: string): string {
  try {
    return decodeURIComponent(model)
  } catch {
    return model
  }
}

function partsOf(answer: Answer, { id }: ResponseContext): readonly object[] {
  if (answer.type === 'text') return [{ text: answer.pieces.join('') }]
  return [{ functionCall: { id: `call_${id}`, name: answer.tool, args: answer.arguments } }]
}

function responseOf(
  { usage }: Answer,
  { id, model }: ResponseContext,
  parts: readonly object[],
  sent: number,
  finishReason: string | undefined,
): object {
  return {
    candidates: [
      {
        content: { parts, role: 'model' },
        ...(finishReason === undefined ? {} : { finishReason }),
        index: 0,
      },
    ],
    usageMetadata: {
      promptTokenCount: usage.inputTokens,
      candidatesTokenCount: sent,
      totalTokenCount: usage.inputTokens + sent,
    },
    modelVersion: model,
    responseId: id,
  }
}

function errorOf(refusal: Refusal, { model }: ResponseContext): object {
  const [status, usual] = errorWords(model)[refusal.kind]
  const retry = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${refusal.retryAfterS}s` }
  return {
    error: {
      code: refusalStatuses[refusal.kind],
      message: refusal.message ?? usual,
      status,
      ...(refusal.retryAfterS === undefined ? {} : { details: [retry] }),
    },
  }
}

const errorWords = (
  model: string,
): Readonly<Record<RefusalKind, readonly [status: string, message: string]>> => ({
  'rate-limit': [
    'RESOURCE_EXHAUSTED',
    'You exceeded your current quota, please check your plan and billing details.',
  ],
  'server-error': ['INTERNAL', 'An internal error has occurred. Please retry.'],
  unavailable: ['UNAVAILABLE', 'The model is overloaded. Please try again later.'],
  overloaded: ['UNAVAILABLE', 'The model is overloaded. Please try again later.'],
  auth: ['UNAUTHENTICATED', 'API key not valid. Please pass a valid API key.'],
  'context-length': [
    'INVALID_ARGUMENT',
    'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
  ],
  'content-policy': ['INVALID_ARGUMENT', 'The request was blocked by the content policy.'],
  'prefill-refused': ['INVALID_ARGUMENT', 'Please ensure that the conversation ends with a user turn.'],
  'unknown-model': ['NOT_FOUND', `models/${model} is not found for API version v1beta.`],
  'invalid-request': ['INVALID_ARGUMENT', 'Request contains an invalid argument.'],
})
