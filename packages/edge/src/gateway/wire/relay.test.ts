import { describe, expect, it } from 'vitest'
import type { PartStream, StreamEvent } from './part.ts'
import { withHead } from './relay.ts'

const event = (text: string): StreamEvent => ({ raw: null, parts: [{ kind: 'text', text }] })

/** Three events, of which the first is read already, and a note of its end. */
async function begun(): Promise<{ stream: PartStream; ended: () => boolean }> {
  let isOver = false
  const source = (async function* (): PartStream {
    try {
      for (const text of ['a', 'b', 'c']) yield [event(text)]
    } finally {
      isOver = true
    }
  })()
  const { value } = await source.next()
  return { stream: withHead(value ?? [], source), ended: () => isOver }
}

describe('a stream with a head', () => {
  it('is its head and what follows', async () => {
    const { stream } = await begun()
    const batches: (readonly StreamEvent[])[] = []
    for await (const batch of stream) batches.push(batch)
    expect(batches).toEqual([[event('a')], [event('b')], [event('c')]])
  })

  it.each([1, 2])('ends its source when it is left after %i batches', async (batches) => {
    const { stream, ended } = await begun()
    for (let read = 0; read < batches; read += 1) await stream.next()
    expect(ended()).toBe(false)
    await stream.return()
    expect(ended()).toBe(true)
  })
})
