import { describe, expect, it } from 'vitest'
import { routeRules } from './route-rules.ts'

describe('routeRules', () => {
  const rules = routeRules(
    [
      ['/billing/*', 'below'],
      ['/billing/export/*', 'further below'],
      ['/login', 'exact'],
      ['POST /login', 'with a method'],
      ['POST /orders/*', 'below, with a method'],
    ],
    'fallback',
  )

  it.each([
    ['GET', '/billing', 'below'],
    ['GET', '/billing/7', 'below'],
    ['GET', '/billing/export/7', 'further below'],
    ['GET', '/billings', 'fallback'],
    ['GET', '/login', 'exact'],
    ['GET', '/Login/', 'exact'],
    ['POST', '/login', 'with a method'],
    ['GET', '/login/x', 'fallback'],
    ['POST', '/orders/1', 'below, with a method'],
    ['GET', '/orders/1', 'fallback'],
    ['GET', '/', 'fallback'],
  ])('says of %s %s: %s', (method, path, value) => {
    expect(rules(method, path)).toBe(value)
  })

  it('matches everything by /*', () => {
    expect(routeRules([['/*', true]], false)('GET', '/')).toBe(true)
    expect(routeRules([['/*', true]], false)('PUT', '/a/b')).toBe(true)
  })
})
