import { isolated } from '../isolated.ts'

/**
 * The same response with a body that tells of each piece that is read and when it breaks. It reads only what is asked of
 * it and passes a cancellation on; a clone would read the whole answer ahead.
 */
export function watchBody(response: Response, onPiece: () => void, onBroken: () => void): Response {
  if (response.body === null) return response
  const reader = response.body.getReader()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (done) {
            controller.close()
            return
          }
          isolated(onPiece)()
          controller.enqueue(value)
        } catch (error) {
          isolated(onBroken)()
          controller.error(error)
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
  return Object.defineProperty(new Response(body, response), 'url', { value: response.url })
}
