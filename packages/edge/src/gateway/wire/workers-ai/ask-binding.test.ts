import { describe, expect, it } from 'vitest'
import { askBinding, type AiBinding } from './ask-binding.ts'

const bindingOf = (run: AiBinding['run']): AiBinding => ({ run })
const open = (): AbortSignal => new AbortController().signal
const ask = (run: AiBinding['run'], signal = open()): Promise<Response> =>
  askBinding(bindingOf(run), '@cf/m', { messages: [] }, new Headers({ 'x-tag': 't' }), signal)

describe('asking by a binding', () => {
  it('names the model, hands over inputs and headers, and wants the response as it is', async () => {
    const asked: unknown[] = []
    const signal = open()
    await ask((...given) => {
      asked.push(...given)
      return Promise.resolve(Response.json({ response: 'a' }))
    }, signal)
    expect(asked).toEqual([
      '@cf/m',
      { messages: [] },
      { returnRawResponse: true, signal, extraHeaders: { 'x-tag': 't' } },
    ])
  })

  it('gives the response with its status, its headers and its body', async () => {
    const given = Response.json({ internalCode: 3040 }, { status: 429, headers: { 'retry-after': '5' } })
    const response = await ask(() => Promise.resolve(given))
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(await response.json()).toEqual({ internalCode: 3040 })
  })

  it('takes a stream and a parsed answer, as older platforms give them', async () => {
    const stream = await ask(() => Promise.resolve(new Response('data: [DONE]\n\n').body))
    expect(stream.headers.get('content-type')).toBe('text/event-stream')
    expect(await stream.text()).toBe('data: [DONE]\n\n')
    const parsed = await ask(() => Promise.resolve({ response: 'a' }))
    expect(parsed.headers.get('content-type')).toMatch(/^application\/json/)
    expect(await parsed.json()).toEqual({ response: 'a' })
  })

  it.each([
    ['3040: Capacity temporarily exceeded', 429, 3040, 'Capacity temporarily exceeded'],
    ['InferenceUpstreamError: 5007: No such model @cf/m or task', 400, 5007, 'No such model @cf/m or task'],
    ['AiError: AiError: 9999: something new', 500, 9999, 'something new'],
  ])('makes a response of the error %j, which names its code', async (message, status, code, description) => {
    const response = await ask(() => Promise.reject(new Error(message)))
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ internalCode: code, description })
  })

  it('lets any other error through', async () => {
    await expect(ask(() => Promise.reject(new Error('network lost')))).rejects.toThrow('network lost')
  })

  it('ends with the signal, though the binding knows nothing of it', async () => {
    const controller = new AbortController()
    const late = Promise.withResolvers<Response>()
    const asked = ask(() => late.promise, controller.signal)
    controller.abort(new Error('too late'))
    await expect(asked).rejects.toThrow('too late')
    // What comes after all is thrown away.
    const left = Promise.withResolvers<void>()
    late.resolve(new Response(new ReadableStream({ cancel: () => left.resolve() })))
    await left.promise
    await expect(ask(() => Promise.resolve(null), controller.signal)).rejects.toThrow('too late')
  })

  it('ends a running stream with the signal, and tells the service', async () => {
    const controller = new AbortController()
    const left = Promise.withResolvers<void>()
    const endless = new ReadableStream<Uint8Array>({
      start: (source) => source.enqueue(new TextEncoder().encode('data: {"response":"a"}\n\n')),
      cancel: () => left.resolve(),
    })
    const response = await ask(() => Promise.resolve(new Response(endless)), controller.signal)
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    expect((await reader.read()).done).toBe(false)
    const next = reader.read()
    controller.abort(new Error('silent for too long'))
    await expect(next).rejects.toThrow('silent for too long')
    await left.promise
  })
})
