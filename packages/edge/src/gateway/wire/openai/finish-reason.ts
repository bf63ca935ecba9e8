import type { FinishReason, Usage } from '../conversation.ts'
import type * as v from 'valibot'
import type { usageSchema } from './schema.ts'

const SPELLING: Readonly<Record<FinishReason, string>> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
}

export const spellFinish = (reason: FinishReason): string => SPELLING[reason]

/** Unknown reasons are ends all the same; `stop` claims least about them. */
export function readFinish(reason: string): FinishReason {
  if (reason === 'length') return 'length'
  if (reason === 'tool_calls' || reason === 'function_call') return 'tool-calls'
  return reason === 'content_filter' ? 'content-filter' : 'stop'
}

export const readUsage = (usage: v.InferOutput<typeof usageSchema>): Usage => ({
  inputTokens: usage.prompt_tokens,
  outputTokens: usage.completion_tokens,
  cachedInputTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
})

export const spellUsage = (usage: Usage): unknown => ({
  prompt_tokens: usage.inputTokens,
  completion_tokens: usage.outputTokens,
  total_tokens: usage.inputTokens + usage.outputTokens,
  prompt_tokens_details: { cached_tokens: usage.cachedInputTokens },
})
