import { describe, expect, it } from 'vitest'
import type { StreamEvent } from '../wire/part.ts'
import { Backlog } from './backlog.ts'

const event = (data: string): StreamEvent => ({ raw: { event: '', data }, parts: [] })
const heavy = event('x'.repeat(300_000))

/** Whether a promise is settled once everything that can go on has gone on. */
async function settles(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  promise.then(
    () => (settled = true),
    () => (settled = true),
  )
  await new Promise((resolve) => setImmediate(resolve))
  return settled
}

describe('what has come and was not read yet', () => {
  it('is read in order, all that is there at once, up to its end', async () => {
    const backlog = new Backlog(() => 262_144)
    const events = backlog.read()
    await backlog.push([event('a')])
    await backlog.push([event('b')])
    expect(await events.next()).toEqual({ done: false, value: [event('a'), event('b')] })
    const next = events.next()
    await backlog.push([event('c')])
    expect(await next).toEqual({ done: false, value: [event('c')] })
    backlog.end()
    expect((await events.next()).done).toBe(true)
  })

  it('is bounded: whoever writes waits for a slow reader', async () => {
    const backlog = new Backlog(() => 262_144)
    const events = backlog.read()
    const pushed = backlog.push([heavy])
    expect(await settles(pushed)).toBe(false)
    await events.next()
    expect(await settles(pushed)).toBe(true)
  })

  it('may grow as soon as there is more room', async () => {
    let most = 1_000
    const backlog = new Backlog(() => most)
    const pushed = backlog.push([heavy])
    backlog.poke()
    expect(await settles(pushed)).toBe(false)
    most = 1_000_000
    backlog.poke()
    expect(await settles(pushed)).toBe(true)
  })

  it('holds nobody up once nobody reads any more', async () => {
    const backlog = new Backlog(() => 262_144)
    const events = backlog.read()
    const waiting = events.next()
    backlog.discard()
    expect((await waiting).done).toBe(true)
    expect(await settles(backlog.push([heavy]))).toBe(true)
  })

  it('lets a writer go that waits for a reader who leaves', async () => {
    const backlog = new Backlog(() => 262_144)
    const pushed = backlog.push([heavy])
    backlog.discard()
    expect(await settles(pushed)).toBe(true)
  })

  it('hands a bug of the stream on to its reader', async () => {
    const backlog = new Backlog(() => 262_144)
    const events = backlog.read()
    await backlog.push([event('a')])
    backlog.end(new Error('a bug'))
    await events.next()
    await expect(events.next()).rejects.toThrow('a bug')
  })
})
