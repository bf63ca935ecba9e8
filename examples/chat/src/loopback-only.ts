import type { NextFunction, Request, Response } from 'express'
import { refuse } from './refuse.ts'

const loopbackNames = new Set(['127.0.0.1', 'localhost', '[::1]'])

/** Whether a Host header names this machine. Any other name that resolves here is a rebinding attack. */
export function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && loopbackNames.has(host.toLowerCase().replace(/:\d{1,5}$/u, ''))
}

/** Refuses what another site could send here through the visitor's browser. */
export function loopbackOnly(request: Request, response: Response, next: NextFunction): void {
  const { host, origin } = request.headers
  if (!isLoopbackHost(host)) {
    refuse(response, 421, 'This app answers only to localhost.', 'Open it as http://127.0.0.1.')
    return
  }
  if (request.method === 'GET' || request.method === 'HEAD') {
    next()
    return
  }
  if (origin !== undefined && origin !== `http://${host}`) {
    refuse(response, 403, 'Another site may not use this app.', 'Open the app’s own page.')
    return
  }
  // A form or a script of another site can send other types without asking first; this one needs its permission.
  if (!/^application\/json(?:;|$)/iu.test(request.headers['content-type'] ?? '')) {
    refuse(response, 415, 'The body must be JSON.', 'Send it with content-type: application/json.')
    return
  }
  next()
}
