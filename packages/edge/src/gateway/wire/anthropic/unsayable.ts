import type { Conversation } from '../conversation.ts'
import { loneInstructions } from '../lone-instructions.ts'

/** What a Messages request has no words for. */
export const unsayableToAnthropic = (conversation: Conversation): string[] => [
  ...((conversation.temperature ?? 0) > 1 ? ['a temperature above 1'] : []),
  ...loneInstructions(conversation),
]
