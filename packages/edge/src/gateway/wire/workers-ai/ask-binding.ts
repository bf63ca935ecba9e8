import { statusOfCode } from './error.ts'

/** The part of the platform's `Ai` that the gateway uses. https://developers.cloudflare.com/workers-ai/configuration/bindings/ */
export interface AiBinding {
  run(model: string, inputs: unknown, options: AiOptions): Promise<unknown>
}

interface AiOptions {
  readonly returnRawResponse: true
  readonly signal: AbortSignal
  readonly extraHeaders: Readonly<Record<string, string>>
}

export const isAiBinding = (value: unknown): value is AiBinding =>
  (typeof value === 'object' || typeof value === 'function') &&
  value !== null &&
  typeof (value as { run?: unknown }).run === 'function'

/**
 * Asks a model by the binding, as if by `fetch`: the answer and its body end with the signal, and an error that the
 * service names by its code is a response with that code's status. Whatever else is thrown passes through.
 */
export async function askBinding(
  binding: AiBinding,
  model: string,
  inputs: unknown,
  headers: Headers,
  signal: AbortSignal,
): Promise<Response> {
  const options = { returnRawResponse: true, signal, extraHeaders: Object.fromEntries(headers) } as const
  const asked = binding.run(model, inputs, options).then(toResponse, toErrorResponse)
  const { body, status, headers: told } = await beforeAbort(asked, signal)
  // The stream of a binding need not know of the signal.
  const bounded = body?.pipeThrough(new TransformStream<Uint8Array, Uint8Array>(), { signal })
  return new Response(bounded ?? null, { status, headers: told })
}

/** Older platforms give the body of a stream, or an answer that is parsed already. */
function toResponse(answer: unknown): Response {
  if (answer instanceof Response) return answer
  return answer instanceof ReadableStream
    ? new Response(answer as ReadableStream<Uint8Array>, { headers: { 'content-type': 'text/event-stream' } })
    : Response.json(answer ?? null)
}

/** Errors are thrown as `CODE: what is wrong`. */
function toErrorResponse(error: unknown): Response {
  const { name, message } = error instanceof Error ? error : { name: '', message: '' }
  const [, code, description] = /^(?:\w+: ){0,3}(\d{4}): (.*)$/s.exec(message) ?? []
  if (code === undefined) throw error
  const body = { internalCode: Number(code), name, description }
  return Response.json(body, { status: statusOfCode(Number(code)) })
}

/** The promise's value, or the end of waiting for it; what comes too late is thrown away. */
function beforeAbort(asked: Promise<Response>, signal: AbortSignal): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>()
  const abort = (): void => {
    asked.then(({ body }) => body?.cancel()).catch(() => undefined)
    reject(signal.reason as Error)
  }
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  asked.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  return promise
}
