import type { RawEvent } from './part.ts'

/**
 * Reads server-sent events from text that may be split anywhere. Lines end in LF, CRLF or CR; several `data:` lines
 * join with a newline; comments vanish. https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export class SseReader {
  readonly #longestEvent: number
  #line = ''
  #event = ''
  #data: string | null = null
  /** Characters of the lines that the event is made of so far, empty ones included: they are held, too. */
  #size = 0
  #tooLong = false
  #afterCarriageReturn = false

  /** @param longestEvent characters that one event may hold before it counts as malformed */
  constructor(longestEvent: number) {
    this.#longestEvent = longestEvent
  }

  /** The events that this text completes, or `too-long` when one outgrew its limit. */
  push(text: string): RawEvent[] | 'too-long' {
    const events: RawEvent[] = []
    let from = 0
    if (this.#afterCarriageReturn && text !== '') {
      this.#afterCarriageReturn = false
      if (text[from] === '\n') from += 1
    }
    const hasCarriageReturn = text.includes('\r', from)
    while (from < text.length) {
      const end = endOfLine(text, from, hasCarriageReturn)
      if (end === -1) {
        this.#line += text.slice(from)
        break
      }
      this.#endLine(this.#line === '' ? text.slice(from, end) : this.#line + text.slice(from, end), events)
      this.#line = ''
      from = this.#skipTerminator(text, end)
    }
    return this.#tooLong || this.#size + this.#line.length > this.#longestEvent ? 'too-long' : events
  }

  /** What stands there without its blank line when the body ends: some servers leave the last one out. */
  end(): RawEvent[] {
    const events: RawEvent[] = []
    if (this.#line !== '') this.#endLine(this.#line, events)
    this.#endLine('', events)
    this.#line = ''
    return events
  }

  // A CR at the end of the text ends its line at once; whether an LF belongs to it shows in the next text.
  #skipTerminator(text: string, end: number): number {
    if (text[end] !== '\r') return end + 1
    if (end + 1 === text.length) this.#afterCarriageReturn = true
    return text[end + 1] === '\n' ? end + 2 : end + 1
  }

  #endLine(line: string, events: RawEvent[]): void {
    if (line === '') {
      if (this.#data !== null) events.push({ event: this.#event, data: this.#data })
      this.#event = ''
      this.#data = null
      this.#size = 0
      return
    }
    const colon = line.indexOf(':')
    if (colon === 0) return
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'data') {
      this.#data = this.#data === null ? value : `${this.#data}\n${value}`
      this.#size += line.length + 1
      this.#tooLong ||= this.#size > this.#longestEvent
    } else if (field === 'event') this.#event = value
  }
}

function endOfLine(text: string, from: number, hasCarriageReturn: boolean): number {
  const lineFeed = text.indexOf('\n', from)
  if (!hasCarriageReturn) return lineFeed
  const carriageReturn = text.indexOf('\r', from)
  if (carriageReturn === -1) return lineFeed
  return lineFeed === -1 ? carriageReturn : Math.min(lineFeed, carriageReturn)
}

/** One event as bytes on the wire will spell it. */
export function writeEvent({ event, data }: RawEvent): string {
  const name = event === '' ? '' : `event: ${event}\n`
  return data.includes('\n')
    ? `${name}data: ${data.replaceAll('\n', '\ndata: ')}\n\n`
    : `${name}data: ${data}\n\n`
}
