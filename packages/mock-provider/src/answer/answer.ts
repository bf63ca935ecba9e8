/** What a provider will say, before any wire format and any fault. Each piece is one token of the stream. */
export type Answer = TextAnswer | ToolCallAnswer

export interface TextAnswer {
  readonly type: 'text'
  readonly pieces: readonly string[]
  readonly stop: 'end' | 'length' | 'stop-sequence'
  /** The sequence that stopped it, with `stop` 'stop-sequence'. */
  readonly stopSequence: string | null
  readonly usage: Usage
}

export interface ToolCallAnswer {
  readonly type: 'tool-call'
  /** The arguments' JSON, cut into pieces. */
  readonly pieces: readonly string[]
  readonly stop: 'tool-call'
  readonly tool: string
  readonly arguments: unknown
  readonly usage: Usage
}

export interface Usage {
  readonly inputTokens: number
  readonly outputTokens: number
}
