/**
 * How long a prompt is, in four sizes: models read long prompts before they speak, so a first output is only slow or fast
 * beside those of prompts like it.
 */
export type PromptSize = 0 | 1 | 2 | 3

/** Up to these many bytes of request; at four bytes a token about 1,000, 8,000 and 64,000 tokens. */
const LIMITS = [4_096, 32_768, 262_144] as const

/** @param bytes of the request as it came */
export const promptSizeOf = (bytes: number): PromptSize => {
  const size = LIMITS.findIndex((limit) => bytes <= limit)
  return (size === -1 ? LIMITS.length : size) as PromptSize
}
