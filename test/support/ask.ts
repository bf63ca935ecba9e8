import type { Stack } from './stack.ts'

export type ClientWire = 'openai' | 'anthropic'

/** What a caller sees of one call. */
export interface Seen {
  readonly status: number
  readonly headers: Headers
  readonly text: string
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
  stack: Stack,
  wire: ClientWire,
  model: string,
  options: { stream: boolean; body?: object; headers?: Record<string, string>; signal?: AbortSignal },
): Promise<Seen> {
  const response = await fetch(stack.url + PATH[wire], {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${stack.key}`, ...options.headers },
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
  return { status: response.status, headers: response.headers, raw, ...seen }
}

type Body = Pick<Seen, 'text' | 'ending' | 'message' | 'paceline'>

interface AnyBody {
  type?: string
  error?: { message: string }
  choices?: {
    message?: { content?: string | null }
    delta?: { content?: string | null }
    finish_reason?: string | null
  }[]
  content?: { text?: string }[]
  stop_reason?: string | null
  delta?: { text?: string; stop_reason?: string | null }
  paceline?: Record<string, unknown>
}

function readWhole(raw: string, wire: ClientWire): Body {
  const body = JSON.parse(raw) as AnyBody
  if (body.error !== undefined)
    return { text: '', ending: 'error', message: body.error.message, paceline: null }
  const text =
    wire === 'openai'
      ? (body.choices?.[0]?.message?.content ?? '')
      : (body.content ?? []).map((block) => block.text ?? '').join('')
  const finish = wire === 'openai' ? body.choices?.[0]?.finish_reason : body.stop_reason
  return { text, ending: finish ? 'complete' : 'cut', message: null, paceline: null }
}

function readStream(raw: string, wire: ClientWire): Body {
  const events = raw
    .split('\n')
    .filter((line) => line.startsWith('data: ') && line !== 'data: [DONE]')
    .map((line) => JSON.parse(line.slice('data: '.length)) as AnyBody)
  const text = events
    .map((event) => (wire === 'openai' ? event.choices?.[0]?.delta?.content : event.delta?.text) ?? '')
    .join('')
  const error = events.find((event) => event.error !== undefined)?.error
  const finished = events.some((event) =>
    wire === 'openai' ? event.choices?.[0]?.finish_reason : event.delta?.stop_reason,
  )
  const closed =
    wire === 'openai' ? raw.includes('data: [DONE]') : events.some((event) => event.type === 'message_stop')
  const ending = error === undefined ? (finished && closed ? 'complete' : 'cut') : 'incomplete'
  return { text, ending, message: error?.message ?? null, paceline: events.at(-1)?.paceline ?? null }
}
