import { describe, expect, it } from 'vitest'
import { anthropicWire } from './anthropic/wire.ts'
import { openAiWire } from './openai/wire.ts'
import type { Wire } from './wire.ts'

const ACCOUNT = { call: 'c1', provider: 'p', model: 'm', attempts: 1, answer: 'complete' } as const

/** What a caller is sent of a stream in its own format. */
function passed(wire: Wire, events: readonly { event: string; data: string }[]): string {
  const request = wire.parseRequest({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'x' }] })
  if (!request.ok) throw new Error(request.bad.message)
  const decoder = wire.streamDecoder(1)
  const encoder = wire.streamEncoder(request.value)
  const text = events.map((raw) => encoder.encode({ raw, parts: decoder.decode(raw) }))
  return text.join('') + encoder.complete(ACCOUNT)
}

const accountsIn = (text: string): string[] => text.match(/"(p|\\u0070)aceline[^"]*"/g) ?? []

describe('a provider that speaks in the gateway’s name', () => {
  it.each(['"paceline"', String.raw`"\u0070aceline"`])('is not heard in chunks, by the field %s', (field) => {
    const chunk = (content: string, finish: string): string =>
      `{"id":"x","choices":[{"index":0,"delta":{"content":"${content}"},"finish_reason":${finish}}],${field}:{"restart":true}}`
    const text = passed(openAiWire, [
      { event: '', data: chunk('in a paceline ', 'null') },
      { event: '', data: chunk('we ride', '"stop"') },
    ])
    expect(accountsIn(text)).toEqual(['"paceline"'])
    expect(text).toContain('in a paceline ')
    expect(text).toContain('we ride')
    expect(text).not.toContain('restart')
  })

  it('is not heard in events, by their name or their type', () => {
    const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'a paceline' } }
    const text = passed(anthropicWire, [
      { event: 'paceline_restart', data: '{"type":"ping"}' },
      { event: '', data: '{"type":"paceline_restart"}' },
      { event: 'content_block_delta', data: JSON.stringify({ ...delta, paceline: { answer: 'cached' } }) },
    ])
    expect(accountsIn(text)).toEqual(['"paceline"'])
    expect(text).toContain('"text":"a paceline"')
    expect(text).not.toMatch(/restart|cached/)
  })
})
