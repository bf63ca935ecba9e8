import { NO_DIRECTIVES, type Notice, type PublicDirectives, type ServerDirectives } from '@paceline/core'
import { describe, expect, it, vi } from 'vitest'
import { DirectiveView } from './directive-view.ts'
import { openSocket, serveDirectives, serveKeys, type SignedSource } from './serve-directives.ts'

const KEYS = [{ secret: new TextEncoder().encode('app-key'), routes: null }]
const AT = Date.UTC(2100, 0, 1)

const notice: Notice = {
  id: 'n-1',
  incident: 'incident-1',
  severity: 'warning',
  code: 'slow-answers',
  select: { route: 'chat' },
  symptom: 'Answers take longer than usual to begin.',
  works: 'Everything works.',
  action: 'We are moving requests.',
  since: AT,
  nextUpdateMs: 60_000,
}
const directives: ServerDirectives = {
  ...NO_DIRECTIVES,
  epoch: 7,
  version: 3,
  issuedAt: AT,
  maxAgeMs: 10_000,
  leases: [
    {
      id: 'l-1',
      incident: 'incident-1',
      priority: 10,
      ttlMs: 4_000,
      sets: { mode: 'degraded', notices: [notice], shares: { chat: { secret: { cap: 0 } } } },
    },
  ],
}

const source = (rest: Partial<SignedSource> = {}): SignedSource => ({
  signed: () => Promise.resolve({ version: { epoch: 7, version: 3 }, jws: 'a.b.c' }),
  keys: () => Promise.resolve('{"keys":[]}'),
  fetch: () => Promise.resolve(new Response('opened')),
  ...rest,
})
const out = (): Promise<never> => Promise.reject(new Error('out'))

/** What is served so long after the directives were heard. */
async function serveAt(ageMs: number, headers: Record<string, string> = {}): Promise<Response> {
  const view = new DirectiveView()
  view.take({ directives, ageMs: 0 }, AT)
  vi.setSystemTime(AT + ageMs)
  try {
    return await serveDirectives(new Request('https://edge/directives', { headers }), view, KEYS, source())
  } finally {
    vi.useRealTimers()
  }
}
const formAt = async (ageMs: number): Promise<PublicDirectives> => (await serveAt(ageMs)).json()

const signedFor = (key: string | null, from: SignedSource, etag?: string): Promise<Response> =>
  serveDirectives(
    new Request('https://edge/directives', {
      headers: {
        accept: 'application/jose',
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(etag === undefined ? {} : { 'if-none-match': etag }),
      },
    }),
    new DirectiveView(),
    KEYS,
    from,
  )

describe('directives for browsers', () => {
  it('are the public form, for any page, with the time that is left of everything', async () => {
    const response = await serveAt(1_500)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('etag')).toBe('"7.3.0.0"')
    expect(await response.json()).toEqual({
      epoch: 7,
      version: 3,
      issuedAt: AT,
      maxAgeMs: 8_500,
      sdk: true,
      sampling: 1,
      mode: 'degraded',
      notices: [{ ...notice, ttlMs: 2_500 }],
    })
  })

  it('say nothing of a lease that has ended since, even if nobody has said so', async () => {
    expect(await formAt(4_000)).toMatchObject({ mode: 'normal', notices: [], maxAgeMs: 6_000 })
  })

  it('are not called unchanged to a browser that knew of a lease which has ended', async () => {
    const etag = (await serveAt(0)).headers.get('etag') ?? ''
    expect((await serveAt(3_999, { 'if-none-match': etag })).status).toBe(304)
    expect((await serveAt(4_000, { 'if-none-match': etag })).status).toBe(200)
    const later = (await serveAt(4_000)).headers.get('etag') ?? ''
    expect((await serveAt(4_999, { 'if-none-match': later })).status).toBe(304)
    expect((await serveAt(5_000, { 'if-none-match': later })).status).toBe(200)
  })

  it('are the base alone once they are stale', async () => {
    expect(await formAt(11_000)).toMatchObject({ mode: 'normal', notices: [], maxAgeMs: 0 })
  })

  it('are as configured where nothing was heard', async () => {
    const response = await serveDirectives(
      new Request('https://edge/directives'),
      new DirectiveView(),
      KEYS,
      source(),
    )
    expect(await response.json()).toMatchObject({
      epoch: 0,
      version: 0,
      mode: 'normal',
      notices: [],
      maxAgeMs: 0,
    })
  })
})

describe('directives for servers', () => {
  it('are signed, and only for those that show a key', async () => {
    const response = await signedFor('app-key', source())
    expect([response.status, await response.text()]).toEqual([200, 'a.b.c'])
    expect(response.headers.get('content-type')).toBe('application/jose')
    expect((await signedFor(null, source())).status).toBe(401)
    expect((await signedFor('another', source())).status).toBe(401)
  })

  it('are not sent again to one that has them', async () => {
    expect((await signedFor('app-key', source(), '"7.3"')).status).toBe(304)
    expect((await signedFor('app-key', source(), '"7.2"')).status).toBe(200)
  })

  it('are not signed for one that has them', async () => {
    const known: unknown[] = []
    const unchanged = source({
      signed(of) {
        known.push(of)
        return Promise.resolve({ version: { epoch: 7, version: 3 }, jws: null })
      },
    })
    const response = await signedFor('app-key', unchanged, '"7.3"')
    expect([response.status, response.headers.get('etag')]).toEqual([304, '"7.3"'])
    for (const etag of ['"7"', 'W/"7.3"', '*']) await signedFor('app-key', unchanged, etag)
    expect(known).toEqual([{ epoch: 7, version: 3 }, null, null, null])
  })

  it('are said to be out for a while where the coordinator is', async () => {
    const response = await signedFor('app-key', source({ signed: out }))
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
  })

  it('name the secret that is missing', async () => {
    const response = await signedFor('app-key', source({ signed: () => Promise.resolve(null) }))
    expect([response.status, await response.text()]).toEqual([
      500,
      expect.stringContaining('PACELINE_SECRET'),
    ])
  })
})

describe('the keys of directives', () => {
  it('are public', async () => {
    const response = await serveKeys(source())
    expect([response.status, await response.text()]).toEqual([200, '{"keys":[]}'])
  })

  it('are out with the coordinator, and absent without a secret', async () => {
    expect((await serveKeys(source({ keys: out }))).status).toBe(503)
    expect((await serveKeys(source({ keys: () => Promise.resolve(null) }))).status).toBe(500)
  })
})

describe('the socket of directives', () => {
  const open = (headers: Record<string, string>, from = source()): Promise<Response> =>
    openSocket(new Request('https://edge/directives/socket', { headers }), KEYS, from)

  it('opens for those that show a key, and says so where the coordinator is out', async () => {
    const headers = { authorization: 'Bearer app-key' }
    expect(await (await open(headers)).text()).toBe('opened')
    expect((await open({})).status).toBe(401)
    expect((await open(headers, source({ fetch: out }))).status).toBe(503)
    expect((await open(headers, source({ keys: out }))).status).toBe(503)
  })

  it('is refused where nothing could ever be said on it, and names the secret that is missing', async () => {
    const mute = source({ keys: () => Promise.resolve(null) })
    const response = await open({ authorization: 'Bearer app-key' }, mute)
    expect(response.status).toBe(500)
    expect(await response.json()).toMatchObject({
      detail: expect.stringContaining('PACELINE_SECRET') as unknown,
    })
  })
})
