import * as v from 'valibot'
import type { ChatRequest } from '../conversation.ts'
import { toBadRequest } from '../field-names.ts'
import { lazy } from '../lazy.ts'
import type { Parsed } from '../wire.ts'
import { requestSchema } from './schema.ts'
import { toConversation } from './to-conversation.ts'
import { untranslatableFields } from './untranslatable.ts'

/** Switches features on that only Anthropic has. */
export const BETA = 'anthropic-beta'

export function parseAnthropicRequest(
  body: unknown,
  passed: Readonly<Record<string, string>> = {},
): Parsed<ChatRequest> {
  const parsed = v.safeParse(requestSchema, body, { abortEarly: true })
  if (!parsed.success) return { ok: false, bad: toBadRequest(parsed.issues) }
  const request = parsed.output
  const blocks = request.messages.flatMap(({ content }) => (typeof content === 'string' ? [] : content))
  return {
    ok: true,
    value: {
      model: request.model,
      stream: request.stream === true,
      choices: 1,
      includeUsage: true,
      body: request,
      needs: {
        tools: (request.tools?.length ?? 0) > 0,
        images: blocks.some((block) => block.type === 'image'),
        jsonSchema: request.output_config?.format?.type === 'json_schema',
        untranslatable: lazy(() => [
          ...(Object.hasOwn(passed, BETA) ? [BETA] : []),
          ...untranslatableFields(request),
        ]),
      },
      conversation: lazy(() => toConversation(request)),
    },
  }
}
