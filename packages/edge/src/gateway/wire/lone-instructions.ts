import type { Conversation } from './conversation.ts'

/** What formats lack in which instructions stand apart from the turns, of which there must be one. */
export const loneInstructions = ({ messages }: Conversation): string[] =>
  messages.some(({ content }) => content.some((part) => part.kind !== 'text' || part.text !== ''))
    ? []
    : ['instructions without a message of the user']
