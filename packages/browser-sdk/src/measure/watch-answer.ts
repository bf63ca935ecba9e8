import type { Turn } from './turn-options.ts'

/**
 * The same response with a body that tells a turn of its headers, of its first piece, and of a broken connection. It reads
 * only what is asked of it and passes a cancellation on; a clone would read the whole answer ahead.
 */
export function watchAnswer(turn: Turn, response: Response): Response {
  turn.answered(response)
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
          turn.delta()
          controller.enqueue(value)
        } catch (error) {
          turn.lost()
          controller.error(error)
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
  return Object.defineProperty(new Response(body, response), 'url', { value: response.url })
}
