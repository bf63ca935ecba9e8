import type { Content, Conversation, ImageSource } from '../conversation.ts'
import { imageResults } from '../image-results.ts'
import { loneInstructions } from '../lone-instructions.ts'
import type { UpstreamModel } from '../wire.ts'

/** What a request to Gemini has no words for. */
export function unsayableToGemini(conversation: Conversation, { model }: UpstreamModel): string[] {
  const { messages, tools, toolChoice, parallelTools, stop } = conversation
  const content = messages.flatMap((message) => message.content)
  return [
    ...(tools.length > 0 && parallelTools === false && toolChoice?.kind !== 'none'
      ? ['one tool call at a time']
      : []),
    ...(tools.some(({ name }) => !TOOL_NAME.test(name))
      ? ['a tool whose name is too long or begins with a digit']
      : []),
    ...(stop.length > MOST_STOPS ? [`more than ${MOST_STOPS} stop sequences`] : []),
    ...content.flatMap((part) =>
      part.kind === 'image' && !takesImage(part.source, model) ? [describeImage(part.source)] : [],
    ),
    ...loneInstructions(conversation),
    ...uncalledResults(content),
    ...imageResults(conversation),
  ]
}

const MOST_STOPS = 5
/** https://ai.google.dev/api/caching#FunctionDeclaration */
const TOOL_NAME = /^[a-z_][\w.-]{0,63}$/i
/** https://ai.google.dev/gemini-api/docs/image-understanding#supported-formats */
const MEDIA_TYPE = /^image\/(png|jpe?g|webp|heic|heif)$/i
/** Models that fetch nothing. https://ai.google.dev/gemini-api/docs/file-input-methods#external-urls */
const FETCHES_NOTHING = /^gemini-(1\.|2\.0)/

function takesImage(source: ImageSource, model: string): boolean {
  if (source.kind === 'data') return MEDIA_TYPE.test(source.mediaType)
  return URL.canParse(source.url) && /^https:/i.test(source.url) && !FETCHES_NOTHING.test(model)
}

const describeImage = (source: ImageSource): string =>
  source.kind === 'data' ? 'an image that is no PNG, JPEG, WebP or HEIC' : 'an image by this address'

/** A result bears the name of its tool here, which its call alone tells. */
function uncalledResults(content: readonly Content[]): string[] {
  const called = new Set(content.map((part) => (part.kind === 'tool-use' ? part.id : null)))
  return content.some((part) => part.kind === 'tool-result' && !called.has(part.id))
    ? ['the result of a tool that was not called']
    : []
}
