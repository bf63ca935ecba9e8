import { CRITICALITY_HEADER } from '@paceline/core'
import type { Request, RequestHandler, Response } from 'express'
import type { Permit } from '../admission/admission.ts'
import type { Paceline } from '../paceline.ts'
import type { RequestHandle } from '../request-handle.ts'
import { mergedTiming } from '../server-timing.ts'
import { releaseAtEnd } from './release-at-end.ts'

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- Express is extended by its own global namespace, there is no other way
  namespace Express {
    interface Request {
      /** Behind `expressMiddleware` only. */
      paceline: RequestHandle
    }
  }
}

/** Mount it first: `app.use(expressMiddleware(paceline))`. What comes before it is neither counted nor turned away. */
export function expressMiddleware(paceline: Paceline): RequestHandler {
  return (request, response, next) => {
    const arrival = paceline.arrive({
      method: request.method,
      path: pathOf(request),
      criticality: request.get(CRITICALITY_HEADER),
    })
    if (arrival.kind === 'refused') {
      const { status, headers, body } = arrival.refusal
      response.writeHead(status, headers).end(body)
      return
    }
    request.paceline = arrival.handle
    watchBeginning(response, arrival.handle, arrival.permit)
    releaseAtEnd(request, response, arrival.permit)
    next()
  }
}

/** As the client asked for it: `request.path` lacks what routers above have taken off. */
function pathOf({ originalUrl }: Request): string {
  const query = originalUrl.indexOf('?')
  return query === -1 ? originalUrl : originalUrl.slice(0, query)
}

/** Node tells of the first byte nowhere else: every way to begin a response leads through `writeHead`. */
function watchBeginning(response: Response, handle: RequestHandle, permit: Permit): void {
  const writeHead = response.writeHead.bind(response)
  response.writeHead = ((...parameters: Parameters<typeof writeHead>) => {
    const relayed = handle.relayed
    if (relayed !== null) response.setHeader('server-timing', mergedTiming(ownTiming(response), relayed))
    permit.firstByte(parameters[0], handle.gatewayMs)
    return writeHead(...parameters)
  }) as typeof writeHead
}

function ownTiming(response: Response): string | string[] | undefined {
  const own = response.getHeader('server-timing')
  return typeof own === 'number' ? String(own) : own
}
