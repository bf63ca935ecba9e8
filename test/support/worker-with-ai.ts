import type { Env } from '@paceline/edge'
import gateway from './worker.ts'

export { Coordinator, EventIngest, ProviderHealth } from './worker.ts'

interface Inputs {
  readonly stream?: boolean
  readonly tools?: readonly { readonly function: { readonly name: string } }[]
  readonly messages: readonly { readonly role: string; readonly content: string }[]
}

/**
 * Stands in for the binding to Workers AI, which nothing simulates: it repeats the question word by word, or calls the
 * first tool that it is shown, in the shapes that the service's documents describe.
 */
const AI = {
  run(model: string, { stream = false, tools = [], messages }: Inputs): Promise<Response> {
    if (model !== '@cf/test/parrot') return Promise.reject(new Error(`5007: No such model ${model} or task`))
    const [tool] = tools
    const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 }
    const content = messages.at(-1)?.content ?? ''
    const call = { tool_calls: [{ name: tool?.function.name, arguments: { city: 'Paris' } }] }
    if (!stream) {
      const said = tool === undefined ? { response: content } : { response: null, ...call }
      return Promise.resolve(Response.json({ ...said, usage }))
    }
    const events =
      tool === undefined ? content.split(/(?<= )/).map((response) => ({ response, p: 'abcd' })) : [call]
    const lines = [...events, { response: '', usage }].map((event) => JSON.stringify(event))
    const body = [...lines, '[DONE]'].map((data) => `data: ${data}\n\n`).join('')
    return Promise.resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } }))
  },
}

let bound: (Env & { readonly AI: typeof AI }) | null = null

/** The gateway with a binding to Workers AI. */
export default {
  fetch(request, env, context) {
    // One and the same, because the gateway sets itself up once for each environment.
    bound ??= { ...env, AI }
    return gateway.fetch(request, bound, context)
  },
} satisfies typeof gateway
