import type * as v from 'valibot'
import type { answerContentSchema } from './schema.ts'

/** What an answer says: a string, or, from models that show their thinking in line, a list of typed pieces. */
export function readContent(content: v.InferOutput<typeof answerContentSchema>): {
  thinking: string
  text: string
} {
  if (content === null || content === undefined) return { thinking: '', text: '' }
  if (typeof content === 'string') return { thinking: '', text: content }
  const join = (type: string): string =>
    content
      .filter((piece) => piece.type === type)
      .map((piece) => piece.text ?? (piece.thinking ?? []).map((inner) => inner.text ?? '').join(''))
      .join('')
  return { thinking: join('thinking'), text: join('text') }
}
