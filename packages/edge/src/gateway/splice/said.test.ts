import { describe, expect, it } from 'vitest'
import type { Part } from '../wire/part.ts'
import { ReplayMemory } from './replay-memory.ts'
import { Said } from './said.ts'

const read = (said: Said, ...parts: readonly Part[]): void => said.read([{ raw: null, parts }], 0)
const text = (words: string): Part => ({ kind: 'text', text: words })

describe('what was said', () => {
  it('is its text, in order', () => {
    const said = new Said(new ReplayMemory(), 1)
    read(said, { kind: 'reasoning', text: 'hm' }, text('a'), text('b'))
    read(said, text('c'))
    expect(said.text).toBe('abc')
  })

  it.each<Part>([
    { kind: 'tool-call', index: 0, id: 'c', name: 'f' },
    { kind: 'tool-input', index: 0, json: '{' },
    { kind: 'other' },
  ])('is more than text after a $kind', (part) => {
    const said = new Said(new ReplayMemory(), 1)
    read(said, text('a'), part)
    expect(said.text).toBeNull()
  })

  it('is too much beyond 256 K characters, and is forgotten then', () => {
    const memory = new ReplayMemory(300_000)
    const said = new Said(memory, 1)
    read(said, text('x'.repeat(262_144)))
    expect(said.text).toHaveLength(262_144)
    read(said, text('y'))
    expect(said.text).toBeNull()
    const other = new Said(memory, 1)
    read(other, text('z'.repeat(200_000)))
    expect(other.text).toHaveLength(200_000)
  })
})

describe('the memory of an isolate', () => {
  it('has room for so much, all answers together', () => {
    const memory = new ReplayMemory(10)
    const [one, two] = [new Said(memory, 100), new Said(memory, 100)]
    read(one, text('123456'))
    read(two, text('12345'))
    expect([one.text, two.text]).toEqual(['123456', null])
  })

  it('has it again when an answer is over, whether somebody says so or not', () => {
    const memory = new ReplayMemory(10)
    const closed = new Said(memory, 100)
    read(closed, text('1234567890'))
    closed.close()
    const lost = new Said(memory, 100)
    read(lost, text('1234567890'))
    expect(lost.text).toBe('1234567890')
    const later = new Said(memory, 300)
    later.read([{ raw: null, parts: [text('1234567890')] }], 200)
    expect(later.text).toBe('1234567890')
  })
})
