import type { Context, MiddlewareHandler } from 'hono'
import type { Permit } from '../admission/admission.ts'
import { CRITICALITY_HEADER } from '../admission/criticality.ts'
import type { Paceline } from '../paceline.ts'
import type { RequestHandle } from '../request-handle.ts'
import { mergedTiming } from '../server-timing.ts'

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
    const outgoing = nodeResponse(c)
    if (outgoing?.destroyed === true) permit.release()
    else outgoing?.once('close', () => permit.release())
    try {
      await next()
    } catch (error) {
      permit.release()
      throw error
    }
    permit.firstByte(c.res.status)
    if (handle.relayed !== null)
      c.header('server-timing', mergedTiming(c.res.headers.get('server-timing') ?? undefined, handle.relayed))
    if (outgoing === null) releaseAfterBody(c, permit)
    return undefined
  }
}

interface NodeResponse {
  readonly destroyed: boolean
  once(event: 'close', listener: () => void): unknown
}

/** Under `@hono/node-server` the end of a response is Node's to tell, and the body can stay as it is. */
function nodeResponse(c: Context): NodeResponse | null {
  const outgoing = (c.env as { outgoing?: Partial<NodeResponse> } | undefined)?.outgoing
  return typeof outgoing?.once === 'function' ? (outgoing as NodeResponse) : null
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
