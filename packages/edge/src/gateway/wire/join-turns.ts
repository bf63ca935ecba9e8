import type { Message } from './conversation.ts'

/** One message for each turn, for formats in which turns alternate and all results of a turn's tools stand together. */
export function joinTurns(messages: readonly Message[]): Message[] {
  const turns: Message[] = []
  for (const message of messages) {
    if (message.content.length === 0) continue
    const last = turns.at(-1)
    if (last?.role === message.role)
      turns[turns.length - 1] = { ...last, content: [...last.content, ...message.content] }
    else turns.push(message)
  }
  return turns
}
