import type * as v from 'valibot'
import type { FinishReason, Usage } from '../conversation.ts'
import type { usageSchema } from './schema.ts'

const SPELLING: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  'content-filter': 'refusal',
}

export const spellStop = (reason: FinishReason): string => SPELLING[reason]

export function readStop(reason: string): FinishReason {
  if (reason === 'max_tokens' || reason === 'model_context_window_exceeded') return 'length'
  if (reason === 'tool_use') return 'tool-calls'
  return reason === 'refusal' ? 'content-filter' : 'stop'
}

type WireUsage = v.InferOutput<typeof usageSchema>

/** This format counts cached input apart; the neutral count includes it. */
export function readUsage(usage: WireUsage): Usage {
  const cached = usage.cache_read_input_tokens ?? 0
  return {
    inputTokens: (usage.input_tokens ?? 0) + cached + (usage.cache_creation_input_tokens ?? 0),
    outputTokens: usage.output_tokens ?? 0,
    cachedInputTokens: cached,
  }
}

export const spellUsage = (usage: Usage | null): Record<string, number> => ({
  input_tokens: usage === null ? 0 : usage.inputTokens - usage.cachedInputTokens,
  cache_read_input_tokens: usage?.cachedInputTokens ?? 0,
  cache_creation_input_tokens: 0,
  output_tokens: usage?.outputTokens ?? 0,
})
