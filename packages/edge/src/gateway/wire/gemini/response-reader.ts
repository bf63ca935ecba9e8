import type { Failure, Phase } from '@paceline/core'
import * as v from 'valibot'
import { callIds } from '../call-id.ts'
import { gaveUp, malformed } from '../classify.ts'
import { isOutput, type Part } from '../part.ts'
import { parseGeminiError } from './error.ts'
import { isUnfinished, readFinish, readUsage } from './finish-reason.ts'
import { errorSchema, responseSchema, type AnswerPart, type Response } from './schema.ts'

/** Reads an answer from one response or from the many of a stream: they have the same shape. */
export class GeminiResponseReader {
  readonly #phase: Phase
  #idOf: ((index: number) => string) | null = null
  #calls = 0
  #finished = false

  /** @param phase where what goes wrong is said to have gone wrong */
  constructor(phase: Phase) {
    this.#phase = phase
  }

  read(value: unknown): readonly Part[] {
    const [first] = Array.isArray(value) ? (value as readonly unknown[]) : [value]
    if (v.is(errorSchema, first)) return [this.#error(parseGeminiError(null, first, this.#phase))]
    const parsed = v.safeParse(responseSchema, value)
    return parsed.success
      ? this.#readResponse(parsed.output)
      : [this.#error(malformed(this.#phase, 'it is no response of Gemini'))]
  }

  #readResponse(response: Response): readonly Part[] {
    const parts: Part[] = []
    if (this.#idOf === null) {
      const id = response.responseId ?? ''
      this.#idOf = callIds(id)
      parts.push({ kind: 'start', id, model: response.modelVersion ?? '' })
    }
    const blocked = response.promptFeedback?.blockReason
    if (blocked) return [...parts, this.#error(blockedPrompt(blocked, this.#phase))]
    // More than one answer is never asked for.
    const [candidate] = response.candidates ?? []
    for (const part of candidate?.content?.parts ?? []) parts.push(...this.#readPart(part))
    if (response.usageMetadata) parts.push({ kind: 'usage', usage: readUsage(response.usageMetadata) })
    parts.push(...this.#readFinish(candidate?.finishReason, parts.some(isOutput)))
    return parts
  }

  #readPart({ text, thought, functionCall: call, ...rest }: AnswerPart): readonly Part[] {
    if (call) {
      const index = this.#calls
      this.#calls += 1
      const id = call.id ?? this.#idOf?.(index) ?? ''
      return [
        { kind: 'tool-call', index, id, name: call.name },
        { kind: 'tool-input', index, json: JSON.stringify(call.args ?? {}) },
      ]
    }
    if (text) return [{ kind: thought === true ? 'reasoning' : 'text', text }]
    return Object.keys(rest).some((key) => OUTPUTS.has(key)) ? [{ kind: 'other' }] : []
  }

  #readFinish(reason: string | null | undefined, hasOutput: boolean): readonly Part[] {
    // Words after a finish marker take it back.
    if (hasOutput) this.#finished = false
    if (!reason || isUnfinished(reason) || this.#finished) return []
    const finish = readFinish(reason)
    if (finish === 'failed') return [this.#error(gaveUp(this.#phase))]
    this.#finished = true
    // The format has no reason of its own for an answer that ends in calls.
    return [{ kind: 'finish', reason: finish === 'stop' && this.#calls > 0 ? 'tool-calls' : finish }]
  }

  #error(failure: Failure): Part {
    return { kind: 'error', failure }
  }
}

/** Output that only this format can express. */
const OUTPUTS = new Set(['inlineData', 'fileData', 'executableCode', 'codeExecutionResult'])

const blockedPrompt = (reason: string, phase: Phase): Failure => ({
  kind: 'content-policy',
  phase,
  message: `The provider blocked the prompt${/^[A-Z_]{1,40}$/.test(reason) ? ` (${reason})` : ''}.`,
})
