import type { Content, Conversation, ImageSource, Message, Tool, ToolChoice } from '../conversation.ts'
import { joinTurns } from '../join-turns.ts'

/** The conversation as a request to generateContent or streamGenerateContent, which the address tells apart. */
export function encodeGeminiRequest(conversation: Conversation): unknown {
  const { system, tools } = conversation
  const config = encodeConfig(conversation)
  return {
    ...(system ? { systemInstruction: { parts: [{ text: system }] } } : {}),
    contents: encodeTurns(conversation.messages),
    ...(tools.length === 0 ? {} : encodeTools(tools, conversation.toolChoice)),
    ...(Object.keys(config).length === 0 ? {} : { generationConfig: config }),
  }
}

function encodeConfig({ maxTokens, temperature, topP, stop, jsonSchema }: Conversation): object {
  return {
    ...(maxTokens === null ? {} : { maxOutputTokens: maxTokens }),
    ...(temperature === null ? {} : { temperature }),
    ...(topP === null ? {} : { topP }),
    ...(stop.length === 0 ? {} : { stopSequences: stop }),
    ...(jsonSchema === null
      ? {}
      : { responseMimeType: 'application/json', responseJsonSchema: jsonSchema.schema }),
  }
}

function encodeTools(tools: readonly Tool[], choice: ToolChoice | null): object {
  const mode = modeOf(choice, tools)
  return {
    tools: [
      {
        functionDeclarations: tools.map(({ name, description, schema }) => ({
          name,
          ...(description === null ? {} : { description }),
          parametersJsonSchema: schema,
        })),
      },
    ],
    ...(mode === null
      ? {}
      : {
          toolConfig: {
            functionCallingConfig: {
              mode,
              ...(choice?.kind === 'tool' ? { allowedFunctionNames: [choice.name] } : {}),
            },
          },
        }),
  }
}

/** What is strict elsewhere is VALIDATED here: arguments keep to their schema. ANY does so by itself. */
function modeOf(choice: ToolChoice | null, tools: readonly Tool[]): string | null {
  if (choice?.kind === 'none') return 'NONE'
  if (choice?.kind === 'required' || choice?.kind === 'tool') return 'ANY'
  if (tools.some(({ strict }) => strict === true)) return 'VALIDATED'
  return choice === null ? null : 'AUTO'
}

function encodeTurns(messages: readonly Message[]): unknown[] {
  /** A result names its tool here; elsewhere the id of its call is enough. */
  const nameOf = new Map<string, string>()
  return joinTurns(messages.map(withoutSilence)).map(({ role, content }) => {
    let isFirstCall = true
    const parts = content.map((part) => {
      if (part.kind !== 'tool-use') return encodePart(part, nameOf)
      nameOf.set(part.id, part.name)
      const call = { functionCall: { id: part.id, name: part.name, args: part.input } }
      if (!isFirstCall) return call
      isFirstCall = false
      return { ...call, thoughtSignature: NO_SIGNATURE }
    })
    return { role: role === 'user' ? 'user' : 'model', parts }
  })
}

/** Text that is empty says nothing, and is refused. */
const withoutSilence = (message: Message): Message => ({
  ...message,
  content: message.content.filter((part) => part.kind !== 'text' || part.text !== ''),
})

/**
 * Gemini 3 refuses calls of earlier turns without a signature of the thoughts behind them, and no format of callers has
 * a place for one. This stands in for calls that another model made. https://ai.google.dev/gemini-api/docs/thought-signatures
 */
const NO_SIGNATURE = 'skip_thought_signature_validator'

function encodePart(part: Exclude<Content, { kind: 'tool-use' }>, nameOf: Map<string, string>): unknown {
  switch (part.kind) {
    case 'text':
      return { text: part.text }
    case 'image':
      return encodeImage(part.source)
    case 'tool-result': {
      const output = part.content.map((inner) => (inner.kind === 'text' ? inner.text : '')).join('')
      return {
        functionResponse: {
          id: part.id,
          name: nameOf.get(part.id) ?? '',
          response: part.isError ? { error: output } : { output },
        },
      }
    }
  }
}

function encodeImage(source: ImageSource): unknown {
  if (source.kind === 'data') return { inlineData: { mimeType: source.mediaType, data: source.base64 } }
  const mimeType = MEDIA_TYPES.get(/\.(\w+)$/.exec(new URL(source.url).pathname)?.[1]?.toLowerCase() ?? '')
  return { fileData: { ...(mimeType === undefined ? {} : { mimeType }), fileUri: source.url } }
}

const MEDIA_TYPES = new Map([
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['webp', 'image/webp'],
])
