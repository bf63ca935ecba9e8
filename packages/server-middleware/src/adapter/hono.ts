import type { IncomingMessage, ServerResponse } from 'node:http'
import { CRITICALITY_HEADER } from '@paceline/core'
import type { Context, MiddlewareHandler } from 'hono'
import type { Permit } from '../admission/admission.ts'
import type { Paceline } from '../paceline.ts'
import type { RequestHandle } from '../request-handle.ts'
import { mergedTiming } from '../server-timing.ts'
import { releaseAtEnd } from './release-at-end.ts'

/** For `new Hono<PacelineEnv<Feature>>()`: types `c.var.paceline`. */
export interface PacelineEnv<Feature extends string = string> {
  Variables: { paceline: RequestHandle<Feature> }
}

/** Mount it first: `app.use(honoMiddleware(paceline))`. What comes before it is neither counted nor turned away. */
export function honoMiddleware<Feature extends string>(
  paceline: Paceline<Feature>,
): MiddlewareHandler<PacelineEnv<Feature>> {
  return async (c, next) => {
    const arrival = paceline.arrive({
      method: c.req.method,
      path: c.req.path,
      criticality: c.req.header(CRITICALITY_HEADER),
    })
    if (arrival.kind === 'refused') {
      const { status, headers, body } = arrival.refusal
      return c.body(body, status, headers)
    }
    const { handle, permit } = arrival
    c.set('paceline', handle)
    const node = nodeOf(c)
    if (node !== null) releaseAtEnd(node.incoming, node.outgoing, permit)
    try {
      await next()
    } catch (error) {
      permit.release()
      throw error
    }
    permit.firstByte(c.res.status, handle.gatewayMs)
    if (handle.relayed !== null)
      c.header('server-timing', mergedTiming(c.res.headers.get('server-timing') ?? undefined, handle.relayed))
    if (node === null) releaseAfterBody(c, permit)
    return undefined
  }
}

/** Under `@hono/node-server` the end of a response is Node's to tell, and the body can stay as it is. */
interface NodeBindings {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
}

function nodeOf(c: Context): NodeBindings | null {
  const { incoming, outgoing } = (c.env ?? {}) as Partial<NodeBindings>
  return incoming === undefined || outgoing === undefined ? null : { incoming, outgoing }
}

/** Elsewhere the permit follows the body to its end, or until its reader cancels it. */
function releaseAfterBody(c: Context, permit: Permit): void {
  const response = c.res
  if (response.body === null) {
    permit.release()
    return
  }
  const release = (): void => permit.release()
  c.req.raw.signal.addEventListener('abort', release, { once: true })
  const body = response.body.pipeThrough(new TransformStream({ flush: release, cancel: release }))
  c.res = undefined
  c.res = new Response(body, response)
}
