import type { Failure } from '@paceline/core'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endHonestly } from './end-honestly.ts'
import type { Part, PartStream, StreamEvent } from '../wire/part.ts'

const TEXT: Part = { kind: 'text', text: 'a' }
const FINISH: Part = { kind: 'finish', reason: 'stop' }
const DONE: Part = { kind: 'done' }
const USAGE: Part = { kind: 'usage', usage: { inputTokens: 1, outputTokens: 1, cachedInputTokens: 0 } }
const BROKEN: Failure = { kind: 'server-error', phase: 'stream', message: 'the provider says so' }
const ERROR: Part = { kind: 'error', failure: BROKEN }
const RESET: Failure = { kind: 'unreachable', phase: 'stream', message: 'reset' }

const eventOf = (part: Part): StreamEvent => ({ raw: { event: '', data: part.kind }, parts: [part] })

async function read(batches: readonly (readonly Part[])[], reset = false): Promise<Part[]> {
  async function* source(): PartStream {
    for (const batch of batches) yield batch.map(eventOf)
    if (reset) throw new Error('connection reset by 10.0.0.7')
  }
  const parts: Part[] = []
  for await (const batch of endHonestly(() => RESET)(source()))
    parts.push(...batch.flatMap((event) => event.parts))
  return parts
}

const kinds = (parts: readonly Part[]): string[] => parts.map(({ kind }) => kind)

describe('ending honestly', () => {
  it('closes after the finish marker, with or without the format’s own end', async () => {
    expect(kinds(await read([[TEXT, FINISH, USAGE, DONE]]))).toEqual(['text', 'finish', 'usage', 'done'])
    expect(kinds(await read([[TEXT], [FINISH], [USAGE]]))).toEqual(['text', 'finish', 'usage'])
  })

  it('calls an end without a finish marker truncated, however clean', async () => {
    for (const batches of [[], [[TEXT]], [[TEXT, DONE]], [[DONE]], [[TEXT, USAGE]]]) {
      const last = (await read(batches)).at(-1)
      expect(last).toMatchObject({ kind: 'error', failure: { kind: 'truncated', phase: 'stream' } })
    }
  })

  it('passes an error on and nothing after it', async () => {
    expect(
      await read([
        [TEXT, ERROR, TEXT],
        [FINISH, DONE],
      ]),
    ).toEqual([TEXT, ERROR])
  })

  it('takes an error after the finish marker for no error', async () => {
    expect(await read([[TEXT, FINISH], [ERROR]])).toEqual([TEXT, FINISH])
    expect(await read([[TEXT, FINISH, ERROR]])).toEqual([TEXT, FINISH])
  })

  it('believes no finish marker after tool input that broke off', async () => {
    const CALL: Part = { kind: 'tool-call', index: 0, id: 'c', name: 'f' }
    const HALF: Part = { kind: 'tool-input', index: 0, json: '{"city":"Par' }
    const REST: Part = { kind: 'tool-input', index: 0, json: 'is"}' }
    const CALLED: Part = { kind: 'finish', reason: 'tool-calls' }
    expect((await read([[CALL, HALF, CALLED, DONE]])).at(-1)).toMatchObject({
      kind: 'error',
      failure: { kind: 'malformed', phase: 'stream' },
    })
    expect((await read([[CALL, HALF], [CALLED]], true)).at(-1)).toEqual({ kind: 'error', failure: RESET })
    expect((await read([[CALL, HALF, CALLED], [ERROR]])).at(-1)).toEqual(ERROR)
    expect(kinds(await read([[CALL, HALF], [REST], [CALLED, DONE]])).at(-1)).toBe('done')
    expect(kinds(await read([[CALL, HALF, { kind: 'finish', reason: 'length' }]])).at(-1)).toBe('finish')
  })

  it('explains a connection that breaks, and passes what came before', async () => {
    expect(await read([[TEXT]], true)).toEqual([TEXT, { kind: 'error', failure: RESET }])
  })

  it('takes a connection that breaks after the finish marker for a whole answer', async () => {
    expect(await read([[TEXT, FINISH]], true)).toEqual([TEXT, FINISH])
  })

  it('believes no finish marker that words have followed, unless another one comes', async () => {
    expect((await read([[TEXT, FINISH], [TEXT]])).at(-1)).toMatchObject({
      kind: 'error',
      failure: { kind: 'truncated' },
    })
    expect((await read([[FINISH, TEXT, DONE]])).at(-1)).toMatchObject({ kind: 'error' })
    expect(await read([[TEXT, FINISH], [TEXT, FINISH], [DONE]])).toEqual([TEXT, FINISH, TEXT, FINISH, DONE])
    expect(
      await read([
        [TEXT, FINISH],
        [TEXT, FINISH],
      ]),
    ).toEqual([TEXT, FINISH, TEXT, FINISH])
  })

  it('takes a break after a finish marker for a break where a marker has been wrong before', async () => {
    const twice = [
      [TEXT, FINISH],
      [TEXT, FINISH],
    ]
    expect(await read(twice, true)).toEqual([...twice.flat(), { kind: 'error', failure: RESET }])
    expect(await read([...twice, [ERROR]])).toEqual([...twice.flat(), ERROR])
  })

  it('reads nothing more once the stream has ended', async () => {
    let closed = false
    async function* source(): PartStream {
      try {
        yield [eventOf(FINISH), eventOf(DONE)]
        throw new Error('read on')
      } finally {
        closed = true
      }
    }
    const events = endHonestly(() => RESET)(source())
    while ((await events.next()).done !== true);
    expect(closed).toBe(true)
  })

  it('closes its source when the reader stops', async () => {
    let closed = false
    async function* source(): PartStream {
      try {
        for (;;) yield [eventOf(TEXT)]
      } finally {
        closed = true
      }
    }
    const events = endHonestly(() => RESET)(source())
    await events.next()
    await events.return()
    expect(closed).toBe(true)
  })

  it('ends every stream in exactly one of two ways, and never throws', async () => {
    const part = fc.constantFrom(TEXT, TEXT, USAGE, FINISH, DONE, ERROR)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(part, { maxLength: 4 }), { maxLength: 6 }),
        fc.boolean(),
        async (batches, reset) => {
          const parts = await read(batches, reset)
          const all = batches.flat()
          const stop = all.findIndex((one) => one.kind === 'done' || one.kind === 'error')
          const heard = (stop === -1 ? all : all.slice(0, stop + 1)).filter((one) => one !== ERROR)
          const stands = heard.lastIndexOf(FINISH) > heard.lastIndexOf(TEXT)
          const contradicted = heard.includes(FINISH) && heard.indexOf(FINISH) < heard.lastIndexOf(TEXT)
          const breaks = stop === -1 ? reset : all[stop] === ERROR
          const whole = stands && !(breaks && contradicted)
          // Whatever came before the end is passed on, in its order.
          expect(parts.slice(0, heard.length)).toEqual(heard)
          expect(kinds(parts.slice(heard.length))).toEqual(whole ? [] : ['error'])
        },
      ),
      { numRuns: 300 },
    )
  })
})
