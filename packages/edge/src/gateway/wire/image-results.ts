import type { Conversation } from './conversation.ts'

/** What formats lack in which the results of tools are text alone. */
export const imageResults = ({ messages }: Conversation): string[] =>
  messages.some(({ content }) =>
    content.some((part) => part.kind === 'tool-result' && part.content.some(({ kind }) => kind === 'image')),
  )
    ? ['an image as the result of a tool']
    : []
