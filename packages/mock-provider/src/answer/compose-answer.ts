import type { Answer, TextAnswer, ToolCallAnswer } from './answer.ts'
import { prefillOf, questionOf, type Prompt, type Tool } from './prompt.ts'
import { createRandom } from './random.ts'
import { synthesizeJson } from './synthesize-json.ts'
import { countInputTokens, splitJson, splitTokens } from './tokens.ts'
import { continueText, writeText, type TextSource } from './write-text.ts'

/** Where an answer comes from, besides the prompt. */
export interface AnswerSource {
  readonly seed: number
  readonly name: string
  readonly attempt: number
  readonly texts: readonly string[]
  /** Whole texts that this provider began before; a prefill that starts one of them is continued from it. */
  readonly earlierTexts: readonly string[]
}

/** The answer, and the whole text that it belongs to (prefill included), so that a later call can go on from it. */
export interface Composed {
  readonly answer: Answer
  readonly wholeText: string | null
}

/**
 * Decides what to say: a tool call when the prompt offers tools and the user spoke last, else JSON when a schema
 * is given, else text. Deterministic in its arguments.
 */
export function composeAnswer(prompt: Prompt, source: AnswerSource): Composed {
  const tool = chooseTool(prompt, source)
  if (tool !== null) return { answer: callTool(tool, prompt, source), wholeText: null }
  const text: TextSource = { ...source, question: questionOf(prompt) }
  if (prompt.outputSchema !== null) {
    const value = synthesizeJson({ type: 'object', ...prompt.outputSchema }, randomFor(prompt, source))
    return { answer: textAnswer(splitJson(JSON.stringify(value)), prompt), wholeText: null }
  }
  const prefill = prefillOf(prompt) ?? ''
  const rest = prefill === '' ? writeText(text) : goOn(text, prefill, source.earlierTexts)
  return { answer: textAnswer(splitTokens(rest), prompt), wholeText: prefill + rest }
}

function goOn(source: TextSource, prefill: string, earlierTexts: readonly string[]): string {
  const begun = earlierTexts.findLast((text) => text.startsWith(prefill) && text.length > prefill.length)
  return begun?.slice(prefill.length) ?? continueText(source, prefill)
}

function chooseTool(prompt: Prompt, source: AnswerSource): Tool | null {
  const [first, ...others] = prompt.tools
  if (first === undefined || prompt.toolChoice === 'none' || prompt.messages.at(-1)?.role !== 'user')
    return null
  const { toolChoice } = prompt
  if (typeof toolChoice === 'object') return prompt.tools.find(({ name }) => name === toolChoice.name) ?? null
  return randomFor(prompt, source).pick([first, ...others])
}

function callTool(tool: Tool, prompt: Prompt, source: AnswerSource): ToolCallAnswer {
  const values = synthesizeJson({ type: 'object', ...tool.schema }, randomFor(prompt, source))
  const pieces = splitJson(JSON.stringify(values))
  return {
    type: 'tool-call',
    pieces,
    stop: 'tool-call',
    tool: tool.name,
    arguments: values,
    usage: { inputTokens: countInputTokens(prompt), outputTokens: pieces.length },
  }
}

function textAnswer(all: readonly string[], prompt: Prompt): TextAnswer {
  const stopped = stopAt(all, prompt.stopSequences)
  const pieces = stopped.pieces.slice(0, prompt.maxTokens ?? stopped.pieces.length)
  const isCut = pieces.length < stopped.pieces.length
  const stopSequence = isCut ? null : stopped.sequence
  return {
    type: 'text',
    pieces,
    stop: isCut ? 'length' : stopSequence === null ? 'end' : 'stop-sequence',
    stopSequence,
    usage: { inputTokens: countInputTokens(prompt), outputTokens: pieces.length },
  }
}

function stopAt(
  pieces: readonly string[],
  sequences: readonly string[],
): { readonly pieces: readonly string[]; readonly sequence: string | null } {
  const text = pieces.join('')
  const hits = sequences
    .filter((sequence) => sequence !== '')
    .map((sequence) => ({ sequence, at: text.indexOf(sequence) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at)
  const [hit] = hits
  return hit === undefined
    ? { pieces, sequence: null }
    : { pieces: splitTokens(text.slice(0, hit.at)), sequence: hit.sequence }
}

function randomFor(prompt: Prompt, source: AnswerSource): ReturnType<typeof createRandom> {
  return createRandom('answer', source.seed, source.name, source.attempt, questionOf(prompt))
}
