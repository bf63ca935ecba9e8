import { expect, it } from 'vitest'
import { askBinding } from './ask-binding.ts'

// The streams of the platform are not those of Node: what bounds the stream of a binding has to hold there, too.

const EVENT = 'data: {"response":"a"}\n\n'

function endless(): { stream: ReadableStream<Uint8Array>; left: Promise<void> } {
  const left = Promise.withResolvers<void>()
  const stream = new ReadableStream<Uint8Array>({
    start: (source) => source.enqueue(new TextEncoder().encode(EVENT)),
    cancel: () => left.resolve(),
  })
  return { stream, left: left.promise }
}

const ask = (answer: unknown, signal: AbortSignal): Promise<Response> =>
  askBinding({ run: () => Promise.resolve(answer) }, '@cf/m', {}, new Headers(), signal)

it('passes the stream of a binding on', async () => {
  const sent = new Response(EVENT.repeat(3), { headers: { 'content-type': 'text/event-stream' } })
  const response = await ask(sent, new AbortController().signal)
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  expect(await response.text()).toBe(EVENT.repeat(3))
})

it('ends the stream of a binding with the signal, and tells the service', async () => {
  const controller = new AbortController()
  const { stream, left } = endless()
  const response = await ask(stream, controller.signal)
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  expect(new TextDecoder().decode((await reader.read()).value)).toBe(EVENT)
  const next = reader.read()
  controller.abort(new Error('silent for too long'))
  await expect(next).rejects.toThrow('silent for too long')
  await left
})

it('tells the service when its reader leaves', async () => {
  const { stream, left } = endless()
  const response = await ask(stream, new AbortController().signal)
  await response.body?.cancel()
  await expect(left).resolves.toBeUndefined()
})
