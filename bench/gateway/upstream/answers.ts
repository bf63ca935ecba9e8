/** What the upstream says, made once: the same bytes for every contestant. */
export interface Answers {
  readonly json: Buffer
  readonly streamHead: Buffer
  /** The events of a stream, framed as chunks: the role, one for each word, the finish marker and `[DONE]`. */
  readonly role: Buffer
  readonly words: readonly Buffer[]
  readonly finish: Buffer
}

const ID = 'chatcmpl-bench'

/** @param words how many chunks with words a stream has; the text is repeated until it is long enough */
export function composeAnswers(text: string, words: number): Answers {
  const spoken = wordsOf(text, words)
  const body = JSON.stringify({
    id: ID,
    object: 'chat.completion',
    created: 1_800_000_000,
    model: 'bench',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: spoken.join(''), refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: 12, completion_tokens: words, total_tokens: 12 + words },
  })
  return {
    json: Buffer.from(
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
    streamHead: Buffer.from(
      'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n',
    ),
    role: framed(event({ role: 'assistant', content: '' }, null)),
    words: spoken.map((word) => framed(event({ content: word }, null))),
    finish: Buffer.concat([framed(`${event({}, 'stop')}data: [DONE]\n\n`), Buffer.from('0\r\n\r\n')]),
  }
}

/** The words that a stream says, joined: what a client must have received. */
export const wholeText = (text: string, words: number): string => wordsOf(text, words).join('')

function wordsOf(text: string, count: number): string[] {
  const words = text.split(/\s+/u).filter((word) => word !== '')
  return Array.from(
    { length: count },
    (_, index) => `${index === 0 ? '' : ' '}${words[index % words.length]}`,
  )
}

function event(delta: object, finish: string | null): string {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }]
  const chunk = { id: ID, object: 'chat.completion.chunk', created: 1_800_000_000, model: 'bench', choices }
  return `data: ${JSON.stringify(chunk)}\n\n`
}

function framed(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}
