import { failed, type Outcome } from '@paceline/core'
import { malformed } from '../classify.ts'
import type { WholeAnswer } from '../conversation.ts'
import { parseOpenAiAnswer } from '../openai/answer.ts'
import { spellFinish } from '../openai/finish-reason.ts'
import { isWorkersAiError, parseWorkersAiError } from './error.ts'
import { finishOf, NativeReader } from './native-answer.ts'

export function parseWorkersAiAnswer(body: unknown, limit: number | null = null): Outcome<WholeAnswer> {
  if (isWorkersAiError(body)) return failed(parseWorkersAiError(null, body, 'body'))
  const native = new NativeReader().read(body)
  if (native === null) return parseOpenAiAnswer(body)
  if (native === 'broken') return failed(malformed('body', 'it is no answer of Workers AI'))
  const { message, hasCalls, usage } = native
  const finish = finishOf(hasCalls, usage?.completion_tokens ?? null, limit)
  return parseOpenAiAnswer({ choices: [{ message, finish_reason: spellFinish(finish) }], usage })
}
