import type { ChatCompletionChunk } from 'openai/resources/chat/completions'
import { describe, expect, it } from 'vitest'
import { answerStream } from './answer-stream.ts'
import type { ChatEvent } from './chat-event.ts'

const unknown = { provider: null, attempts: null }

function chunk(
  content: string | null,
  finish: 'stop' | 'length' | null = null,
  extra: object = {},
): ChatCompletionChunk {
  const choice = {
    index: 0,
    delta: content === null ? {} : { content },
    finish_reason: finish,
    logprobs: null,
  }
  return { id: 'a', object: 'chat.completion.chunk', created: 0, model: 'm', choices: [choice], ...extra }
}

async function eventsOf(chunks: readonly (ChatCompletionChunk | Error)[]): Promise<ChatEvent[]> {
  async function* upstream() {
    for (const next of chunks) {
      await Promise.resolve()
      if (next instanceof Error) throw next
      yield next
    }
  }
  const events: ChatEvent[] = []
  for await (const event of answerStream(upstream(), unknown)) events.push(event)
  return events
}

describe('answerStream', () => {
  it('ends as the gateway says, with who answered', async () => {
    const paceline = { provider: 'b', attempts: 2, answer: 'continued' }
    const events = await eventsOf([chunk('Hel'), chunk('lo'), chunk(null, 'stop', { paceline })])
    expect(events.at(-1)).toEqual({ type: 'end', answer: 'continued', provider: 'b', attempts: 2 })
  })

  it('calls a stream without a finish reason incomplete, however politely it ends', async () => {
    const events = await eventsOf([chunk('Hel'), chunk('lo')])
    expect(events.at(-1)).toMatchObject({ type: 'end', answer: 'incomplete' })
  })

  it('calls a stream that fails after its first text incomplete', async () => {
    const events = await eventsOf([chunk('Hel'), new Error('socket hang up')])
    expect(events.at(-1)).toMatchObject({ type: 'end', answer: 'incomplete' })
    expect(JSON.stringify(events)).not.toContain('socket hang up')
  })

  it('calls an answer that reached the length limit incomplete', async () => {
    const events = await eventsOf([chunk('Hel', 'length')])
    expect(events.at(-1)).toMatchObject({ answer: 'incomplete', reason: 'It reached the length limit.' })
  })

  it('calls it an error when not a word came', async () => {
    const events = await eventsOf([chunk(null, 'stop')])
    expect(events.at(-1)).toMatchObject({ type: 'error' })
  })
})
