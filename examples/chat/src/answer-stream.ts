import * as v from 'valibot'
import type { ChatCompletionChunk } from 'openai/resources/chat/completions'
import { answerKinds, type AnswerKind, type ChatEvent } from './chat-event.ts'
import type { Memory } from './memory.ts'

export interface AnsweredBy {
  readonly provider: string | null
  readonly attempts: number | null
}

/** What the gateway says about an answer, in the last chunk of a stream. */
const account = v.object({
  paceline: v.object({
    provider: v.optional(v.string()),
    attempts: v.optional(v.number()),
    answer: v.optional(v.picklist(answerKinds)),
  }),
})

/** Who answers, from the headers that come before the first output. */
export function answeredBy(headers: Headers): AnsweredBy {
  const attempts = Number.parseInt(headers.get('paceline-attempts') ?? '', 10)
  return {
    provider: headers.get('paceline-provider'),
    attempts: Number.isNaN(attempts) ? null : attempts,
  }
}

/**
 * The events that the page receives for one upstream stream. A stream that ends without a finish reason is incomplete,
 * however politely it ended, and so is one that fails after its first text.
 */
export async function* answerStream(
  chunks: AsyncIterable<ChatCompletionChunk>,
  from: AnsweredBy,
  kept: Memory['kept'] = 'all',
): AsyncGenerator<ChatEvent> {
  let by = from
  let told: AnswerKind | undefined
  let finish: string | undefined
  let hasText = false
  yield { type: 'start', ...by, ...(kept === 'all' ? {} : { memory: kept }) }
  try {
    for await (const chunk of chunks) {
      const said = v.safeParse(account, chunk)
      if (said.success) {
        const { provider, attempts, answer } = said.output.paceline
        by = { provider: provider ?? by.provider, attempts: attempts ?? by.attempts }
        told = answer ?? told
      }
      const choice = chunk.choices[0]
      if (choice === undefined) continue
      if (choice.delta.content) {
        hasText = true
        yield { type: 'text', text: choice.delta.content }
      }
      finish = choice.finish_reason ?? finish
    }
  } catch {
    finish = 'broken'
  }
  if (!hasText) {
    yield {
      type: 'error',
      message: 'The answer broke off before its first word.',
      advice: 'Ask again.',
    }
    return
  }
  const reason = whyIncomplete(told, finish)
  yield reason === undefined
    ? { type: 'end', answer: told ?? 'complete', ...by }
    : { type: 'end', answer: 'incomplete', ...by, reason }
}

function whyIncomplete(told: AnswerKind | undefined, finish: string | undefined): string | undefined {
  if (finish === 'length') return 'It reached the length limit.'
  if (finish === 'content_filter') return 'The provider’s content filter stopped it.'
  if (finish === 'broken' || finish === undefined || told === 'incomplete')
    return 'The provider stopped mid-answer.'
  return undefined
}
