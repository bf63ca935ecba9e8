import type { Conversation } from '../conversation.ts'
import { imageResults } from '../image-results.ts'

/** What a Chat Completions request has no words for. */
export const unsayableToOpenAi = (conversation: Conversation): string[] => [
  ...(conversation.stop.length > MOST_STOPS ? [`more than ${MOST_STOPS} stop sequences`] : []),
  ...imageResults(conversation),
]

const MOST_STOPS = 4
