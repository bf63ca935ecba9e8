import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { servePurge, type Purgeable } from './serve-purge.ts'

const OPERATORS = [{ secret: new TextEncoder().encode('token'), routes: null }]

let logged: unknown[]
beforeEach(() => {
  logged = []
  vi.spyOn(console, 'error').mockImplementation((line) => void logged.push(line))
})
afterEach(() => {
  vi.restoreAllMocks()
})

function answers(purgedAt: number | Error = 1_000): Purgeable & { purged: string[] } {
  const purged: string[] = []
  return {
    reach: 'everywhere',
    purged,
    purge: (tenant) => {
      purged.push(tenant)
      return purgedAt instanceof Error ? Promise.reject(purgedAt) : Promise.resolve(purgedAt)
    },
  }
}

const ask = (body: string, from: Purgeable, token = 'token'): Promise<Response> =>
  servePurge(
    new Request('https://edge/ops/api/cache/purge', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body,
    }),
    OPERATORS,
    from,
  )

describe('purging a tenant', () => {
  it('says from when on answers have to be, and how far it reaches', async () => {
    const from = answers()
    const response = await ask('{"tenant":"acme"}', from)
    expect(await response.json()).toEqual({ purgedAt: '1970-01-01T00:00:01.000Z', reach: 'everywhere' })
    expect(from.purged).toEqual(['acme'])
  })

  it('leaves a line in the log that does not name the tenant', async () => {
    await ask('{"tenant":"acme"}', answers())
    expect(logged).toEqual(['{"event":"cache.purged","reach":"everywhere"}'])
  })

  it('is for operators alone', async () => {
    const from = answers()
    const stranger = await ask('{"tenant":"acme"}', from, 'an app key')
    expect([stranger.status, await stranger.text()]).toEqual([401, expect.stringContaining('operator')])
    expect(from.purged).toEqual([])
  })

  it.each(['{', '[]', '{}', '{"tenant":null}', '{"tenant":"a b"}', `{"tenant":"${'a'.repeat(129)}"}`])(
    'wants the name of a tenant, not %s',
    async (body) => {
      const from = answers()
      expect((await ask(body, from)).status).toBe(400)
      expect(from.purged).toEqual([])
    },
  )

  it('says so when others could not be told', async () => {
    const response = await ask('{"tenant":"acme"}', answers(new Error('KV is out')))
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2'])
  })
})
