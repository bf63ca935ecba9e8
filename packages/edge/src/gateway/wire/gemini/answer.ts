import { failed, success, type Outcome } from '@paceline/core'
import { truncated } from '../classify.ts'
import type { WholeAnswer } from '../conversation.ts'
import { GeminiResponseReader } from './response-reader.ts'

export function parseGeminiAnswer(body: unknown): Outcome<WholeAnswer> {
  const answer = { id: '', model: '', reasoning: '', text: '', usage: null as WholeAnswer['usage'] }
  const toolCalls: { id: string; name: string; json: string }[] = []
  let finish: WholeAnswer['finish'] | null = null
  for (const part of new GeminiResponseReader('body').read(body)) {
    if (part.kind === 'error') return failed(part.failure)
    if (part.kind === 'start') Object.assign(answer, { id: part.id, model: part.model })
    else if (part.kind === 'text') answer.text += part.text
    else if (part.kind === 'reasoning') answer.reasoning += part.text
    else if (part.kind === 'tool-call') toolCalls.push({ id: part.id, name: part.name, json: '' })
    else if (part.kind === 'tool-input') Object.assign(toolCalls[part.index] ?? {}, { json: part.json })
    else if (part.kind === 'usage') answer.usage = part.usage
    else if (part.kind === 'finish') finish = part.reason
  }
  return finish === null ? failed(truncated('body')) : success({ ...answer, toolCalls, finish })
}
