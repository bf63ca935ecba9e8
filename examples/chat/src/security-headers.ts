import type { NextFunction, Request, Response } from 'express'

const policyFor = (edge: string | undefined): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self'${edge === undefined ? '' : ` ${new URL(edge).origin}`}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

/** @param edge the one other place that the page may talk to */
export function securityHeaders(
  edge?: string,
): (request: Request, response: Response, next: NextFunction) => void {
  const headers = {
    'content-security-policy': policyFor(edge),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  }
  return (_request, response, next) => {
    response.set(headers)
    next()
  }
}
