import type { ImageSource } from '../conversation.ts'
import type { ContentBlock, ImageBlock, TextBlock, ToolResultBlock, ToolUseBlock } from './schema.ts'

export const isText = (block: ContentBlock): block is TextBlock => block.type === 'text'
export const isImage = (block: ContentBlock): block is ImageBlock => block.type === 'image'
export const isToolUse = (block: ContentBlock): block is ToolUseBlock => block.type === 'tool_use'
export const isToolResult = (block: ContentBlock): block is ToolResultBlock => block.type === 'tool_result'

/** Null for a source that only this format has, such as a file of the provider's. */
export function toImageSource({ source }: ImageBlock): ImageSource | null {
  if (source.type === 'url' && source.url !== undefined) return { kind: 'url', url: source.url }
  if (source.type !== 'base64' || source.media_type === undefined || source.data === undefined) return null
  return { kind: 'data', mediaType: source.media_type, base64: source.data }
}
