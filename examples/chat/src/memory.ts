import type { RequestHandle } from '@paceline/server-middleware'
import type { ChatRequest } from './chat-request.ts'

type Messages = ChatRequest['messages']

/** What is sent along with a question, and how much of the conversation that is. */
export interface Memory {
  readonly kept: 'all' | 'recent' | 'question'
  readonly messages: Messages
}

export const LONG_MEMORY = { 'long-memory': { reducedAt: 'conserving', offAt: 'degraded' } } as const
const RECENT = 4

/** The conversation, as far back as the server can afford just now: a shorter prompt is answered sooner and costs less. */
export const remember = (messages: Messages, paceline: RequestHandle): Promise<Memory> =>
  paceline.feature('long-memory', {
    full: (): Memory => ({ kept: 'all', messages }),
    reduced: () => lastOf(messages, RECENT, 'recent'),
    off: () => lastOf(messages, 1, 'question'),
  })

/** The last messages, from a user's on: some providers refuse a conversation that the assistant begins. */
function lastOf(messages: Messages, count: number, kept: 'recent' | 'question'): Memory {
  const last = messages.slice(-count)
  const from = last.findIndex(({ role }) => role === 'user')
  return messages.length <= count ? { kept: 'all', messages } : { kept, messages: last.slice(from) }
}
