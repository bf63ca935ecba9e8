import type { ContentPart } from './schema.ts'

export const isText = (part: ContentPart): part is { type: 'text'; text: string } => part.type === 'text'
export const isImage = (
  part: ContentPart,
): part is { type: 'image_url'; image_url: { url: string; detail?: string } } => part.type === 'image_url'

/** An image without wishes about its detail, which only this format can express. */
export const isPlainImage = (part: ContentPart): boolean =>
  isImage(part) && ['auto', undefined, null].includes(part.image_url.detail)
