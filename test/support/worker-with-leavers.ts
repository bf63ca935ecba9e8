import gateway from './worker.ts'

export { Coordinator, EventIngest, ProviderHealth, Quota } from './worker.ts'

/**
 * Calls the gateway with a request whose signal aborts before the first token: workerd on one machine doesn't tell of
 * callers that leave so early, while the platform does.
 */
export default {
  fetch(request, env, context) {
    if (new URL(request.url).searchParams.get('leaves') === null) return gateway.fetch(request, env, context)
    const leaving = new Request(request, { signal: AbortSignal.timeout(50) })
    return gateway.fetch(leaving as typeof request, env, context)
  },
} satisfies typeof gateway
