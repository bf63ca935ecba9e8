import type { JsonSchema } from './synthesize-json.ts'

/** What a model call asks for, whichever wire it came by. */
export interface Prompt {
  /** As the caller wrote it, with its fault suffix if it has one. */
  readonly model: string
  readonly stream: boolean
  readonly messages: readonly PromptMessage[]
  readonly tools: readonly Tool[]
  readonly toolChoice: ToolChoice
  /** Null: as long as the text is. */
  readonly maxTokens: number | null
  readonly stopSequences: readonly string[]
  /** Set when the answer must be JSON; an empty schema allows any object. */
  readonly outputSchema: JsonSchema | null
  /** Whether a stream reports usage. */
  readonly includeUsage: boolean
}

export interface PromptMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly text: string
  readonly callsTools: boolean
}

export interface Tool {
  readonly name: string
  readonly schema: JsonSchema
}

export type ToolChoice = 'auto' | 'none' | 'required' | { readonly name: string }

/** The text that the answer must go on from: a last message by the assistant. Null when there is none. */
export function prefillOf(prompt: Prompt): string | null {
  const last = prompt.messages.at(-1)
  return last?.role === 'assistant' && !last.callsTools ? last.text : null
}

/** The last thing the user said, or ''. */
export function questionOf(prompt: Prompt): string {
  return prompt.messages.findLast((message) => message.role === 'user')?.text ?? ''
}
