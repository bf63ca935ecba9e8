import type { Stack } from './stack.ts'

export type ClientWire = 'openai' | 'anthropic'

/** What a caller sees of one call. */
export interface Seen {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The arguments of its tool calls as they came, JSON only where they are whole; '' where there is none. */
  readonly toolInput: string
  /** Output tokens by the provider's count; null where none came. */
  readonly outputTokens: number | null
  /** From the request to the answer's last byte. */
  readonly tookMs: number
  /** `complete` only where the wire format's own finish marker stands. */
  readonly ending: 'complete' | 'incomplete' | 'error' | 'cut'
  /** The error's words, where there was one. */
  readonly message: string | null
  /** The account that closes a stream. */
  readonly paceline: Readonly<Record<string, unknown>> | null
  readonly raw: string
}

const PATH = { openai: '/v1/chat/completions', anthropic: '/v1/messages' } as const

/** Asks the gateway by bare HTTP, so that nothing of the answer is smoothed over by a client. */
export async function ask(
  stack: Pick<Stack, 'url' | 'key'>,
  wire: ClientWire,
  model: string,
  options: { stream: boolean; body?: object; headers?: Record<string, string>; signal?: AbortSignal },
): Promise<Seen> {
  const startedAt = performance.now()
  const response = await fetch(stack.url + PATH[wire], {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${stack.key}`,
      ...options.headers,
    },
    body: JSON.stringify({
      model,
      max_tokens: 100,
      stream: options.stream,
      messages: [{ role: 'user', content: 'Why ride in a paceline?' }],
      ...options.body,
    }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  const raw = await response.text()
  const streamed = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  const seen = streamed ? readStream(raw, wire) : readWhole(raw, wire)
  const tookMs = performance.now() - startedAt
  return { status: response.status, headers: response.headers, raw, tookMs, ...seen }
}

type Body = Omit<Seen, 'status' | 'headers' | 'raw' | 'tookMs'>

interface ToolCalls {
  tool_calls?: { function?: { arguments?: string } }[]
}

interface AnyBody {
  type?: string
  error?: { message: string }
  choices?: {
    message?: { content?: string | null } & ToolCalls
    delta?: { content?: string | null } & ToolCalls
    finish_reason?: string | null
  }[]
  content?: { text?: string; type?: string; input?: unknown }[]
  stop_reason?: string | null
  delta?: { text?: string; partial_json?: string; stop_reason?: string | null }
  usage?: { completion_tokens?: number; output_tokens?: number } | null
  paceline?: Record<string, unknown>
}

const inputOf = ({ tool_calls: calls = [] }: ToolCalls = {}): string =>
  calls.map((call) => call.function?.arguments ?? '').join('')

const tokensOf = ({ usage }: AnyBody): number | null =>
  usage?.completion_tokens ?? usage?.output_tokens ?? null

function readWhole(raw: string, wire: ClientWire): Body {
  const body = JSON.parse(raw) as AnyBody
  const nothing = { text: '', toolInput: '', outputTokens: null, paceline: null }
  if (body.error !== undefined) return { ...nothing, ending: 'error', message: body.error.message }
  const message = body.choices?.[0]?.message
  const blocks = body.content ?? []
  const calls = blocks.filter(({ type }) => type === 'tool_use')
  const finish = wire === 'openai' ? body.choices?.[0]?.finish_reason : body.stop_reason
  return {
    ...nothing,
    text: wire === 'openai' ? (message?.content ?? '') : blocks.map(({ text = '' }) => text).join(''),
    toolInput:
      wire === 'openai' ? inputOf(message) : calls.map(({ input }) => JSON.stringify(input)).join(''),
    outputTokens: tokensOf(body),
    ending: finish ? 'complete' : 'cut',
    message: null,
  }
}

function readStream(raw: string, wire: ClientWire): Body {
  const events = raw
    .split('\n')
    .filter((line) => line.startsWith('data: ') && line !== 'data: [DONE]')
    .map((line) => JSON.parse(line.slice('data: '.length)) as AnyBody)
  const deltas = events.map((event) => event.choices?.[0]?.delta)
  const text =
    wire === 'openai'
      ? deltas.map((delta) => delta?.content ?? '')
      : events.map((event) => event.delta?.text ?? '')
  const toolInput =
    wire === 'openai'
      ? deltas.map((delta) => inputOf(delta ?? {}))
      : events.map((event) => event.delta?.partial_json ?? '')
  const error = events.find((event) => event.error !== undefined)?.error
  const finished = events.some((event) =>
    wire === 'openai' ? event.choices?.[0]?.finish_reason : event.delta?.stop_reason,
  )
  const closed =
    wire === 'openai' ? raw.includes('data: [DONE]') : events.some((event) => event.type === 'message_stop')
  return {
    text: text.join(''),
    toolInput: toolInput.join(''),
    outputTokens: events.map(tokensOf).findLast((tokens) => tokens !== null) ?? null,
    ending: error === undefined ? (finished && closed ? 'complete' : 'cut') : 'incomplete',
    message: error?.message ?? null,
    paceline: events.at(-1)?.paceline ?? null,
  }
}
