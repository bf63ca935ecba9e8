import type { Conversation } from '../conversation.ts'

/** What a Messages request has no words for. */
export const unsayableToAnthropic = ({ temperature }: Conversation): string[] =>
  (temperature ?? 0) > 1 ? ['a temperature above 1'] : []
