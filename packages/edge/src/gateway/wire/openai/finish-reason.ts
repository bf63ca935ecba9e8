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

/** What the words of all servers have in common, most telling first. */
const WORDS: readonly (readonly [RegExp, FinishReason | 'failed'])[] = [
  [/content.?filter|safety|recitation|blocklist|prohibited/i, 'content-filter'],
  [/error|abort|cancel|interrupt|insufficient|malformed/i, 'failed'],
  [/length|max_?tokens/i, 'length'],
  [/tool_?calls?|function_?call/i, 'tool-calls'],
]

/**
 * What a finish reason says, or `failed` where it says that the answer broke off. Reasons that nobody has seen yet
 * pass as `stop`: they do mark an end.
 */
export const readFinish = (reason: string): FinishReason | 'failed' =>
  WORDS.find(([words]) => words.test(reason))?.[1] ?? 'stop'

export const readUsage = (usage: v.InferOutput<typeof usageSchema>): Usage => ({
  inputTokens: usage.prompt_tokens ?? 0,
  outputTokens: usage.completion_tokens ?? 0,
  cachedInputTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
})

export const spellUsage = (usage: Usage): unknown => ({
  prompt_tokens: usage.inputTokens,
  completion_tokens: usage.outputTokens,
  total_tokens: usage.inputTokens + usage.outputTokens,
  prompt_tokens_details: { cached_tokens: usage.cachedInputTokens },
})
