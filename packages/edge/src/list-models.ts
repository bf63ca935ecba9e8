import { authenticate } from './gateway/authenticate.ts'
import { respondProblem } from './gateway/respond.ts'
import type { Setup } from './gateway/setup.ts'
import { openAiWire } from './gateway/wire/openai/wire.ts'

/** The models that a key opens, in one shape that both OpenAI's and Anthropic's clients read. */
export function listModels(request: Request, setup: Setup): Response {
  const key = authenticate(request.headers, setup.keys)
  if ('code' in key) return respondProblem(key, openAiWire, null)
  const names = setup.routes
    .map(({ name }) => name)
    .filter((name) => key.routes === null || key.routes.includes(name))
  return Response.json({
    object: 'list',
    data: names.map((name) => ({
      id: name,
      object: 'model',
      created: 0,
      owned_by: 'paceline',
      type: 'model',
      display_name: name,
      created_at: '1970-01-01T00:00:00Z',
    })),
    has_more: false,
    first_id: names[0] ?? null,
    last_id: names.at(-1) ?? null,
  })
}
