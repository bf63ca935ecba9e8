import type { Conversation } from '../conversation.ts'

/** What a Chat Completions request has no words for. */
export const unsayableToOpenAi = ({ stop }: Conversation): string[] =>
  stop.length > MOST_STOPS ? [`more than ${MOST_STOPS} stop sequences`] : []

const MOST_STOPS = 4
