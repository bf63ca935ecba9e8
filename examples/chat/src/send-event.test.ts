import { Writable } from 'node:stream'
import { expect, it } from 'vitest'
import { sendEvent } from './send-event.ts'

const event = { type: 'text', text: 'word' } as const

it('leaves no listeners behind when every write fills the buffer', async () => {
  const response = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => setImmediate(done) })
  const listeners = (): number[] => ['drain', 'close', 'error'].map((name) => response.listenerCount(name))
  const before = listeners()
  const left = new AbortController().signal
  for (let count = 0; count < 20; count += 1) await sendEvent(response, event, left)
  expect(listeners()).toEqual(before)
})

it('waits no longer for a browser that has left', async () => {
  const response = new Writable({ highWaterMark: 1, write: () => undefined })
  const left = new AbortController()
  const sent = sendEvent(response, event, left.signal)
  left.abort()
  await expect(sent).rejects.toThrow('aborted')
  expect(response.listenerCount('drain')).toBe(0)
})
