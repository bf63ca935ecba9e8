import { authenticate } from './gateway/parse/authenticate.ts'
import { isProblem, type Problem } from './gateway/problem.ts'
import { respondProblem } from './gateway/account/respond.ts'
import type { AppKey, Setup } from './gateway/setup.ts'
import { openAiWire } from './gateway/wire/openai/wire.ts'

/** The models that a key opens, in one shape that both OpenAI's and Anthropic's clients read. */
export function listModels(request: Request, setup: Setup): Response {
  const key = authenticate(request.headers, setup.keys)
  if (isProblem(key)) return respondProblem(key, openAiWire, null)
  const names = openTo(key, setup)
  return Response.json({
    object: 'list',
    data: names.map((name) => describe(name)),
    has_more: false,
    first_id: names[0] ?? null,
    last_id: names.at(-1) ?? null,
  })
}

/** One of them. */
export function showModel(request: Request, setup: Setup, name: string): Response {
  const key = authenticate(request.headers, setup.keys)
  if (isProblem(key)) return respondProblem(key, openAiWire, null)
  return openTo(key, setup).includes(name)
    ? Response.json(describe(name))
    : respondProblem(UNKNOWN, openAiWire, null)
}

const openTo = (key: AppKey, { routes }: Setup): string[] =>
  routes.map(({ name }) => name).filter((name) => key.routes === null || key.routes.includes(name))

const describe = (name: string): object => ({
  id: name,
  object: 'model',
  created: 0,
  owned_by: 'paceline',
  type: 'model',
  display_name: name,
  created_at: '1970-01-01T00:00:00Z',
})

const UNKNOWN: Problem = {
  status: 404,
  code: 'unknown_model',
  message: 'This gateway knows no model of that name. GET /v1/models lists those that your key opens.',
  param: 'model',
  retryable: false,
}
