import { parseConfig } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import { isProblem } from '../problem.ts'
import { setUp } from '../setup.ts'
import { cacheUse } from './cache-use.ts'

const setup = setUp(
  parseConfig({
    providers: { p: { wire: 'openai', baseUrl: 'https://p.test/v1' } },
    models: { m: { provider: 'p', model: 'm' } },
    routes: { kept: { candidates: ['m'], cache: { freshMs: 60_000 } }, plain: { candidates: ['m'] } },
    keys: { app: { secretFrom: 'ONE' }, acme: { secretFrom: 'TWO', tenant: 'acme' } },
  }),
  { ONE: 'one', TWO: 'two' },
)

interface Asking {
  readonly route?: 'kept' | 'plain'
  readonly app?: 'app' | 'acme'
  readonly tenant?: string
  readonly bytes?: number
}

/** The use that may be made, in words: app and tenant, nothing, or a problem. */
function useOf({ route: name = 'kept', app = 'app', tenant, bytes = 100 }: Asking): string | null {
  const route = setup.routes.find((one) => one.name === name)
  const key = setup.keys.find((one) => one.name === app)
  if (route === undefined || key === undefined) throw new Error('the setup is broken')
  const headers = new Headers(tenant === undefined ? {} : { 'paceline-tenant': tenant })
  const use = cacheUse(route, key, headers, bytes, { answers: null, waitUntil: () => undefined })
  if (use === null) return null
  return isProblem(use) ? use.message : `${use.app}/${use.tenant}`
}

describe('stored answers', () => {
  it.each<[Asking, string | null]>([
    [{ tenant: 'acme' }, 'app/acme'],
    [{ tenant: 'umbrella:berlin/7' }, 'app/umbrella:berlin/7'],
    [{ app: 'acme' }, 'acme/acme'],
    [{ app: 'acme', tenant: 'acme' }, 'acme/acme'],
    [{}, null],
    [{ route: 'plain', tenant: 'acme' }, null],
    // What no cache looks at can't be wrong.
    [{ route: 'plain', tenant: 'a b' }, null],
    [{ tenant: 'acme', bytes: 1_048_577 }, null],
  ])('are used by %j as %s', (asking, use) => {
    expect(useOf(asking)).toBe(use)
  })

  it.each<[Asking, RegExp]>([
    [{ tenant: 'a b' }, /visible ASCII/],
    [{ tenant: 'é' }, /visible ASCII/],
    [{ tenant: '' }, /visible ASCII/],
    [{ tenant: 'a'.repeat(129) }, /128/],
    [{ app: 'acme', tenant: 'umbrella' }, /another tenant/],
  ])('are refused to %j', (asking, message) => {
    expect(useOf(asking)).toMatch(message)
  })
})
