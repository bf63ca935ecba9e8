import { failed, success, type Failure, type Outcome, type Phase } from '@paceline/core'
import * as v from 'valibot'
import { classify, gaveUp, malformed, truncated } from '../classify.ts'
import type { WholeAnswer } from '../conversation.ts'
import { readFinish, readUsage, spellFinish, spellUsage } from './finish-reason.ts'
import { readContent } from './read-content.ts'
import { answerSchema, errorSchema } from './schema.ts'

export function parseOpenAiAnswer(body: unknown): Outcome<WholeAnswer> {
  const inBand = v.safeParse(errorSchema, body)
  if (inBand.success) return failed(parseOpenAiError(null, body, 'body'))
  const parsed = v.safeParse(answerSchema, body)
  if (!parsed.success) return failed(malformed('body', 'it is no chat completion'))
  const { id, model, choices, usage } = parsed.output
  const [first] = choices
  if (first === undefined || choices.some((choice) => !choice.finish_reason)) return failed(truncated('body'))
  const reasons = choices.map((choice) => readFinish(choice.finish_reason ?? ''))
  const [finish] = reasons
  if (finish === undefined || finish === 'failed' || reasons.includes('failed')) return failed(gaveUp('body'))
  const { thinking, text } = readContent(first.message.content)
  return success({
    id: id ?? '',
    model: model ?? '',
    reasoning: (first.message.reasoning_content ?? first.message.reasoning ?? '') + thinking,
    text: text || (first.message.refusal ?? ''),
    toolCalls: (first.message.tool_calls ?? []).flatMap((call) =>
      call.function === undefined
        ? []
        : [{ id: call.id, name: call.function.name, json: call.function.arguments }],
    ),
    finish,
    usage: usage ? readUsage(usage) : null,
  })
}

export function encodeOpenAiAnswer(answer: WholeAnswer): unknown {
  const calls = answer.toolCalls.map(({ id, name, json }) => ({
    id,
    type: 'function',
    function: { name, arguments: json },
  }))
  return {
    id: answer.id,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: answer.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: answer.text === '' && calls.length > 0 ? null : answer.text,
          refusal: null,
          ...(answer.reasoning === '' ? {} : { reasoning_content: answer.reasoning }),
          ...(calls.length === 0 ? {} : { tool_calls: calls }),
        },
        logprobs: null,
        finish_reason: spellFinish(answer.finish),
      },
    ],
    ...(answer.usage === null ? {} : { usage: spellUsage(answer.usage) }),
  }
}

export function parseOpenAiError(status: number | null, body: unknown, phase: Phase): Failure {
  // Gemini sends its errors in a list of one.
  const parsed = v.safeParse(errorSchema, Array.isArray(body) ? body[0] : body)
  const error = parsed.success ? parsed.output.error : null
  const detail = typeof error === 'string' ? { message: error } : error
  return classify({
    status,
    phase,
    message: detail?.message ?? null,
    code: detail?.code === null || detail?.code === undefined ? null : String(detail.code),
    type: detail?.type ?? null,
    param: detail?.param ?? null,
  })
}
