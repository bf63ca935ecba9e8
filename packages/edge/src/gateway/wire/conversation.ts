/**
 * A chat request and its answer apart from any wire format. Only crossing from one format to another goes through
 * these shapes; where both sides speak the same one, its own bytes pass.
 */

export type Content =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'image'; readonly source: ImageSource }
  | { readonly kind: 'tool-use'; readonly id: string; readonly name: string; readonly input: unknown }
  | {
      readonly kind: 'tool-result'
      readonly id: string
      readonly content: readonly Content[]
      readonly isError: boolean
    }

export type ImageSource =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'data'; readonly mediaType: string; readonly base64: string }

export interface Message {
  readonly role: 'user' | 'assistant'
  readonly content: readonly Content[]
}

export interface Tool {
  readonly name: string
  readonly description: string | null
  /** JSON schema of its input. */
  readonly schema: unknown
  readonly strict: boolean | null
}

export type ToolChoice =
  | { readonly kind: 'auto' | 'none' | 'required' }
  | { readonly kind: 'tool'; readonly name: string }

/** What a caller asked for. `null` stands for "not said", so that the provider's own default holds. */
export interface Conversation {
  readonly system: string | null
  readonly messages: readonly Message[]
  readonly tools: readonly Tool[]
  readonly toolChoice: ToolChoice | null
  readonly parallelTools: boolean | null
  readonly maxTokens: number | null
  readonly temperature: number | null
  readonly topP: number | null
  readonly stop: readonly string[]
  readonly jsonSchema: { readonly name: string; readonly schema: unknown } | null
  readonly user: string | null
}

/** What a request needs of a candidate. A candidate that lacks any of it is not asked; nothing is dropped silently. */
export interface Needs {
  readonly tools: boolean
  readonly images: boolean
  readonly jsonSchema: boolean
  /** Request fields that exist in the caller's wire format alone. Only candidates of the same format can serve them. */
  readonly untranslatable: () => readonly string[]
}

/** A request that passed its wire format's validation. */
export interface ChatRequest {
  readonly model: string
  readonly stream: boolean
  readonly needs: Needs
  /** How many answers were asked for at once (OpenAI's `n`). */
  readonly choices: number
  /** Whether the caller wants token counts in the stream. */
  readonly includeUsage: boolean
  /** The body as it came, for candidates of the same wire format. */
  readonly body: Readonly<Record<string, unknown>>
  /** The same apart from its format. Only meant for requests whose `needs.untranslatable` is empty. */
  readonly conversation: () => Conversation
}

export interface Usage {
  readonly inputTokens: number
  readonly outputTokens: number
  /** Input tokens that were read from the provider's prompt cache; part of `inputTokens`. */
  readonly cachedInputTokens: number
}

export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'content-filter'

/** A whole unstreamed answer. */
export interface WholeAnswer {
  readonly id: string
  readonly model: string
  readonly reasoning: string
  readonly text: string
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly json: string }[]
  readonly finish: FinishReason
  readonly usage: Usage | null
}
