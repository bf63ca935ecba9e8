import * as v from 'valibot'
import type { ChatRequest } from '../conversation.ts'
import { toBadRequest } from '../field-names.ts'
import { lazy } from '../lazy.ts'
import type { Parsed } from '../wire.ts'
import { requestSchema, type RequestMessage } from './schema.ts'
import { toConversation } from './to-conversation.ts'
import { untranslatableFields } from './untranslatable.ts'

export function parseOpenAiRequest(body: unknown): Parsed<ChatRequest> {
  const parsed = v.safeParse(requestSchema, body, { abortEarly: true })
  if (!parsed.success) return { ok: false, bad: toBadRequest(parsed.issues) }
  const request = parsed.output
  return {
    ok: true,
    value: {
      model: request.model,
      stream: request.stream === true,
      choices: request.n ?? 1,
      includeUsage: request.stream_options?.include_usage === true,
      body: request,
      needs: {
        tools: (request.tools?.length ?? 0) > 0,
        images: request.messages.some(hasImage),
        jsonSchema: request.response_format?.type === 'json_schema',
        untranslatable: lazy(() => untranslatableFields(request)),
      },
      conversation: lazy(() => toConversation(request)),
    },
  }
}

const hasImage = (message: RequestMessage): boolean =>
  Array.isArray(message.content) && message.content.some((part) => part.type === 'image_url')
