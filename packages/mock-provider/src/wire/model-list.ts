import type { HttpRequest } from '../http/http-request.ts'

/** The list of models in the shape that the request asks for; null when the path is not one. */
export function listModels({ path, headers }: HttpRequest, models: readonly string[]): object | null {
  if (path === '/v1beta/models') {
    const supportedGenerationMethods = ['generateContent', 'streamGenerateContent']
    return {
      models: models.map((id) => ({ name: `models/${id}`, displayName: id, supportedGenerationMethods })),
    }
  }
  if (path !== '/v1/models') return null
  // OpenAI and Anthropic share the path; only Anthropic's clients send this header.
  if (headers.has('anthropic-version')) {
    const data = models.map((id) => ({
      type: 'model',
      id,
      display_name: id,
      created_at: '2026-01-01T00:00:00Z',
    }))
    return { data, has_more: false, first_id: models.at(0) ?? null, last_id: models.at(-1) ?? null }
  }
  const data = models.map((id) => ({ id, object: 'model', created: 1_767_225_600, owned_by: 'mock' }))
  return { object: 'list', data }
}
