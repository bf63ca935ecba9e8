import { describe, expect, it } from 'vitest'
import { FinishMarker } from './finish-marker.ts'
import type { Part } from '../wire/part.ts'

const TEXT: Part = { kind: 'text', text: 'a' }
const FINISH: Part = { kind: 'finish', reason: 'stop' }

function after(...parts: readonly Part[]): { stands: boolean; contradicted: boolean } {
  const marker = new FinishMarker()
  for (const part of parts) marker.read([part])
  const whole = new FinishMarker()
  whole.read(parts)
  // However the parts were cut into batches.
  expect([whole.stands, whole.contradicted]).toEqual([marker.stands, marker.contradicted])
  return { stands: marker.stands, contradicted: marker.contradicted }
}

describe('a finish marker', () => {
  it('stands once it has been read', () => {
    expect(after()).toEqual({ stands: false, contradicted: false })
    expect(after(TEXT)).toEqual({ stands: false, contradicted: false })
    expect(after(TEXT, FINISH)).toEqual({ stands: true, contradicted: false })
    expect(after(TEXT, FINISH, FINISH)).toEqual({ stands: true, contradicted: false })
  })

  it.each<Part>([
    TEXT,
    { kind: 'reasoning', text: 'a' },
    { kind: 'tool-call', index: 0, id: 'c', name: 'f' },
    { kind: 'tool-input', index: 0, json: '{' },
    { kind: 'other' },
  ])('is taken back by $kind after it, and is less believed from then on', (output) => {
    expect(after(FINISH, output)).toEqual({ stands: false, contradicted: true })
    expect(after(FINISH, output, FINISH)).toEqual({ stands: true, contradicted: true })
  })

  it.each<Part>([
    { kind: 'text', text: '' },
    { kind: 'start', id: 'a', model: 'm' },
    { kind: 'usage', usage: { inputTokens: 1, outputTokens: 1, cachedInputTokens: 0 } },
    { kind: 'done' },
  ])('is not taken back by $kind, which says nothing', (part) => {
    expect(after(FINISH, part)).toEqual({ stands: true, contradicted: false })
  })
})
