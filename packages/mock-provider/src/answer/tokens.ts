import type { Prompt } from './prompt.ts'

/** A token is a word with the white space before it; white space at the end stays with the last word. */
export function splitTokens(text: string): readonly string[] {
  return text.match(/\s*\S+(?:\s+$)?/g) ?? (text === '' ? [] : [text])
}

/** Cuts JSON into pieces of a few characters, since it has hardly any white space. */
export function splitJson(json: string): readonly string[] {
  // By code point, so that no piece ends inside a surrogate pair.
  return json.match(/.{1,7}/gsu) ?? []
}

/** What the input would be billed as: words, a few tokens for each message, and the tools' schemas. */
export function countInputTokens(prompt: Prompt): number {
  const messages = prompt.messages.reduce((sum, message) => sum + 4 + splitTokens(message.text).length, 3)
  const tools = prompt.tools.reduce((sum, tool) => sum + 8 + Math.ceil(JSON.stringify(tool).length / 4), 0)
  return messages + tools
}
