import type { FinishReason, WholeAnswer } from './conversation.ts'
import { parseJson } from './parse-json.ts'
import type { Part } from './part.ts'

/** Finish reasons that say themselves that the answer was cut off, wherever that was. */
const CUT_OFF = new Set<FinishReason>(['length', 'content-filter'])

/** More than any tool is given. What is longer can't be held to be looked at, and counts as broken. */
const LONGEST_INPUT = 4_194_304

/** Whether the input of a finished tool call is JSON; many a server sends nothing for a tool without parameters. */
const isWhole = (json: string): boolean => json === '' || parseJson(json).ok

/**
 * Whether the tool calls of a stream are whole at its finish marker: some servers say `tool_calls` after an input
 * that broke off, and an app that trusts it would run a tool with half of what the model meant.
 */
export class ToolInputs {
  readonly #inputs = new Map<number, string>()
  #tooLong = false
  #cutOff = false

  read(parts: readonly Part[]): void {
    for (const part of parts) {
      if (part.kind === 'finish') this.#cutOff = CUT_OFF.has(part.reason)
      if (part.kind !== 'tool-input' || this.#tooLong) continue
      const input = (this.#inputs.get(part.index) ?? '') + part.json
      this.#inputs.set(part.index, input)
      if (input.length <= LONGEST_INPUT) continue
      this.#tooLong = true
      this.#inputs.clear()
    }
  }

  areWhole(): boolean {
    return this.#cutOff || (!this.#tooLong && [...this.#inputs.values()].every((json) => isWhole(json)))
  }
}

/** The same for an unstreamed answer. */
export const hasWholeInput = ({ finish, toolCalls }: WholeAnswer): boolean =>
  CUT_OFF.has(finish) || toolCalls.every(({ json }) => isWhole(json))
