import { LLMock } from '@copilotkit/aimock'
import { startStack, wholeTextOf, type Stack } from '../support/stack.ts'

/** A gateway with something behind it that answers three prompts: a greeting, a tool's cue, and one it refuses. */
export interface Upstream {
  readonly stack: Stack
  /** What a provider of that wire says to a greeting. */
  textOf(wire: 'openai' | 'anthropic' | 'gemini'): string
  /** A least count of output tokens; 0 for a mock that streams zeros. */
  readonly fewestTokens: number
  /** Makes the next prompts refused with a 400 that is the caller's to read. */
  refuse(): void
  close(): Promise<void>
}

export const GREETING = 'hello there'
export const TOOL_CUE = 'what is the weather in Paris'
export const REFUSED = 'something forbidden'
const REASON = 'The request was refused for its own good.'
/** Words of refusal of all upstreams. */
export const REFUSAL = /refused|rejected|blocked/

/** The project's own mock provider. */
export async function ownMock(): Promise<Upstream> {
  const stack = await startStack()
  return {
    stack,
    textOf: wholeTextOf,
    fewestTokens: 5,
    refuse() {
      for (const provider of [stack.openai, stack.anthropic, stack.gemini])
        provider.setFault({ kind: 'content-policy' })
    },
    close: () => stack.close(),
  }
}

/** A mock that this project did not write, so that both can't share one misunderstanding. */
export async function aimock(): Promise<Upstream> {
  const mock = new LLMock({ port: 0, host: '127.0.0.1', latency: 0 })
  mock.onMessage(GREETING, { content: 'Hello from a mock of strangers.' })
  mock.onMessage(TOOL_CUE, { toolCalls: [{ name: 'get_weather', arguments: { city: 'Paris' } }] })
  mock.onMessage(REFUSED, { error: { message: REASON, type: 'invalid_request_error' }, status: 400 })
  await mock.start()
  const stack = await startStack({
    bindings: {
      OPENAI_URL: `${mock.url}/v1`,
      ANTHROPIC_URL: mock.url,
      GEMINI_URL: `${mock.url}/v1beta`,
    },
  })
  return {
    stack,
    textOf: () => 'Hello from a mock of strangers.',
    fewestTokens: 0,
    refuse: () => undefined,
    async close() {
      await stack.close()
      await mock.stop()
    },
  }
}
