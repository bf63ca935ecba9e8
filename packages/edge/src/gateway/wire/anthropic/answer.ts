import { failed, success, type Failure, type Outcome, type Phase } from '@paceline/core'
import * as v from 'valibot'
import { classify, malformed, truncated } from '../classify.ts'
import type { WholeAnswer } from '../conversation.ts'
import { parseJson } from '../parse-json.ts'
import { answerSchema, errorSchema } from './schema.ts'
import { readStop, readUsage, spellStop, spellUsage } from './stop-reason.ts'

export function parseAnthropicAnswer(body: unknown): Outcome<WholeAnswer> {
  if (v.is(errorSchema, body)) return failed(parseAnthropicError(null, body, 'body'))
  const parsed = v.safeParse(answerSchema, body)
  if (!parsed.success) return failed(malformed('body', 'it is no message'))
  const { id, model, content, stop_reason: stop, usage } = parsed.output
  if (stop === null || stop === undefined) return failed(truncated('body'))
  return success({
    id,
    model,
    reasoning: content.map((block) => block.thinking ?? '').join(''),
    text: content.map((block) => (block.type === 'text' ? (block.text ?? '') : '')).join(''),
    toolCalls: content.flatMap((block) =>
      block.type === 'tool_use'
        ? [{ id: block.id ?? '', name: block.name ?? '', json: JSON.stringify(block.input ?? {}) }]
        : [],
    ),
    finish: readStop(stop),
    usage: usage ? readUsage(usage) : null,
  })
}

export function encodeAnthropicAnswer(answer: WholeAnswer): unknown {
  return {
    id: answer.id,
    type: 'message',
    role: 'assistant',
    model: answer.model,
    content: [
      ...(answer.reasoning === '' ? [] : [{ type: 'thinking', thinking: answer.reasoning, signature: '' }]),
      ...(answer.text === '' ? [] : [{ type: 'text', text: answer.text }]),
      ...answer.toolCalls.map(({ id, name, json }) => ({ type: 'tool_use', id, name, input: toInput(json) })),
    ],
    stop_reason: spellStop(answer.finish),
    stop_sequence: null,
    usage: spellUsage(answer.usage),
  }
}

// A model may write arguments that are no JSON. This format has no place for text there, yet the caller must see it.
function toInput(json: string): unknown {
  if (json === '') return {}
  const parsed = parseJson(json)
  return parsed.ok ? parsed.value : { malformed: json }
}

export function parseAnthropicError(status: number | null, body: unknown, phase: Phase): Failure {
  const parsed = v.safeParse(errorSchema, body)
  const detail = parsed.success ? parsed.output.error : null
  return classify({
    status,
    phase,
    message: detail?.message ?? null,
    code: null,
    type: detail?.type ?? null,
    param: null,
  })
}
