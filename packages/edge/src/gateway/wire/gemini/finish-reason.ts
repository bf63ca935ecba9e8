import type * as v from 'valibot'
import type { FinishReason, Usage } from '../conversation.ts'
import type { usageSchema } from './schema.ts'

/** https://ai.google.dev/api/generate-content#FinishReason */
const WORDS: readonly (readonly [RegExp, FinishReason | 'failed'])[] = [
  [/^MAX_TOKENS$/, 'length'],
  [/SAFETY|RECITATION|BLOCKLIST|PROHIBITED|SPII|LANGUAGE/, 'content-filter'],
  [/MALFORMED|UNEXPECTED|TOO_MANY|MISSING|OTHER|NO_IMAGE/, 'failed'],
]

/**
 * What a finish reason says, or `failed` where it says that the answer broke off. Reasons that nobody has seen yet
 * pass as `stop`: they do mark an end.
 */
export const readFinish = (reason: string): FinishReason | 'failed' =>
  WORDS.find(([words]) => words.test(reason))?.[1] ?? 'stop'

/** What stands there before there is a reason. */
export const isUnfinished = (reason: string | null | undefined): boolean =>
  !reason || reason === 'FINISH_REASON_UNSPECIFIED'

/** This format counts thoughts apart, and cached input within the input. */
export const readUsage = (usage: v.InferOutput<typeof usageSchema>): Usage => ({
  inputTokens: (usage.promptTokenCount ?? 0) + (usage.toolUsePromptTokenCount ?? 0),
  outputTokens: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
  cachedInputTokens: usage.cachedContentTokenCount ?? 0,
})
