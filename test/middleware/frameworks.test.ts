import { connect } from 'node:net'
import type { PacelineEvent } from '@paceline/core'
import { createPaceline, type Paceline, type PacelineOptions } from '@paceline/server-middleware'
import { honoMiddleware, type PacelineEnv } from '@paceline/server-middleware/hono'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from './eventually.ts'
import { startExpress, startHono, type Handler, type RunningServer, type StartServer } from './frameworks.ts'
import { ManualClock } from './manual-clock.ts'
import { directives, newSigningKey, SECRET, startScriptedEdge } from './scripted-edge.ts'

const closers: (() => Promise<unknown>)[] = []
let clock: ManualClock
beforeEach(() => {
  clock = new ManualClock()
})
afterEach(async () => {
  await Promise.allSettled(closers.splice(0).map((close) => close()))
})

const OPTIONS = {
  essential: ['/login'],
  routes: { '/pay': 'critical', '/export/*': 'bulk', '/api/sync': 'background' },
  features: { search: { reducedAt: 'conserving', offAt: 'degraded' } },
  limits: { initial: 10, min: 10, max: 10 },
} as const satisfies PacelineOptions

function newPaceline(more: Partial<PacelineOptions> = {}): Paceline {
  const paceline = createPaceline({ ...OPTIONS, clock, ...more })
  closers.push(() => paceline.close())
  return paceline
}

/** Handlers wait here until a test lets them all go. */
function newGate(): { readonly handler: Handler; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return {
    handler: async () => {
      await promise
      return { body: 'served' }
    },
    open: resolve,
  }
}

const inFlight = (paceline: Paceline): number => paceline.status().admission.inFlight
const nobodyIsLeft = (paceline: Paceline): Promise<void> =>
  eventually(() => inFlight(paceline) === 0, 'the return of all permits')

describe.each<[string, StartServer]>([
  ['Express', startExpress],
  ['Hono', startHono],
])('behind %s', (_, start) => {
  async function started(handler: Handler, paceline = newPaceline()): Promise<[RunningServer, Paceline]> {
    const server = await start(paceline, handler)
    closers.push(() => server.close())
    return [server, paceline]
  }

  it('a burst of bulk is shed first, while users and what is critical get through', async () => {
    const gate = newGate()
    const [{ url }, paceline] = await started(gate.handler)
    const statuses: Record<string, number[]> = {}
    const ask = (path: string, count: number): Promise<void>[] =>
      Array.from({ length: count }, async () => {
        const { status } = await fetch(url + path)
        ;(statuses[path] ??= []).push(status)
      })
    const asked = [...ask('/export/all', 60)]
    await eventually(() => statuses['/export/all']?.length === 54, 'the shedding of bulk')
    asked.push(...ask('/api/sync', 5))
    await eventually(() => statuses['/api/sync']?.length === 4, 'the shedding of background work')
    asked.push(...ask('/', 1), ...ask('/pay', 2))
    await eventually(() => inFlight(paceline) === 10, 'a full server')
    asked.push(...ask('/pay', 1))
    await eventually(() => statuses['/pay']?.length === 1, 'the limit itself')
    gate.open()
    await Promise.all(asked)
    const served = (path: string): number => statuses[path]?.filter((status) => status === 200).length ?? 0
    expect(['/export/all', '/api/sync', '/', '/pay'].map(served)).toEqual([6, 1, 1, 2])
    await nobodyIsLeft(paceline)
  })

  it('a request that is turned away is told so in problem details, and when to come back', async () => {
    const gate = newGate()
    const [{ url }, paceline] = await started(gate.handler)
    const held = Array.from({ length: 8 }, () => fetch(`${url}/`))
    await eventually(() => inFlight(paceline) === 8, 'a full server')
    const refused = await fetch(`${url}/`, { method: 'POST', body: 'x'.repeat(100_000) })
    expect(refused.status).toBe(503)
    expect(refused.headers.get('content-type')).toBe('application/problem+json')
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await refused.json()).toMatchObject({
      type: 'urn:paceline:problem:overloaded',
      status: 503,
      retryable: true,
    })
    gate.open()
    await Promise.all(held)
  })

  it('a caller can lower the class of its request and not raise it', async () => {
    const seen: string[] = []
    const [{ url }] = await started((handle) => {
      seen.push(handle.criticality)
      return { body: '' }
    })
    await fetch(`${url}/pay`, { headers: { 'paceline-criticality': 'bulk' } })
    await fetch(`${url}/export/x?y`, { headers: { 'paceline-criticality': 'critical' } })
    await fetch(`${url}/api/sync?x=/pay`)
    expect(seen).toEqual(['bulk', 'bulk', 'background'])
  })

  it('no permit is lost when clients leave, before the answer or in the middle of it', async () => {
    const stream = (): ReadableStream<Uint8Array> =>
      new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('first')) })
    const gate = newGate()
    const [{ url }, paceline] = await started((handle, path) =>
      path === '/stream' ? { body: stream() } : gate.handler(handle, path),
    )
    const leaving = new AbortController()
    const waiting = Array.from({ length: 4 }, () => fetch(`${url}/`, { signal: leaving.signal }))
    const reading = await Promise.all(
      Array.from({ length: 3 }, () => fetch(`${url}/stream`, { signal: leaving.signal })),
    )
    await eventually(() => inFlight(paceline) === 7, 'seven at work')
    await reading[0]?.body?.getReader().read()
    leaving.abort()
    await Promise.allSettled(waiting)
    await nobodyIsLeft(paceline)
    gate.open()
    expect((await fetch(`${url}/`)).status).toBe(200)
    await nobodyIsLeft(paceline)
  })

  it('no permit is lost when a connection with pipelined requests breaks', async () => {
    const gate = newGate()
    const [{ port }, paceline] = await started(gate.handler)
    const socket = connect(port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(3))
    await eventually(() => inFlight(paceline) === 3, 'three at work')
    socket.destroy()
    await nobodyIsLeft(paceline)
    gate.open()
    expect(inFlight(paceline)).toBe(0)
  })

  it.each(['HEAD', 'POST', 'OPTIONS'])('no permit is lost after %s', async (method) => {
    const [{ url }, paceline] = await started(() => ({ body: 'x' }))
    await fetch(`${url}/`, { method })
    await nobodyIsLeft(paceline)
    expect(inFlight(paceline)).toBe(0)
  })

  it('no permit is lost when a handler throws', async () => {
    const [{ url }, paceline] = await started(() => {
      throw Object.assign(new Error('expected by this test'), { status: 418, expose: false })
    })
    expect((await fetch(`${url}/`)).status).toBeGreaterThanOrEqual(400)
    await nobodyIsLeft(paceline)
  })

  it('only essential routes are answered in essential and emergency mode', async () => {
    const [{ url }, paceline] = await started(() => ({ body: 'served' }))
    for (const mode of ['essential', 'emergency'] as const) {
      paceline.pin(mode, { ttlMs: 60_000, reason: 'drill' })
      const [login, other] = await Promise.all([fetch(`${url}/login`), fetch(`${url}/pay`)])
      expect([login.status, other.status]).toEqual([200, 503])
      expect(await other.json()).toMatchObject({ type: 'urn:paceline:problem:not-essential' })
      expect(Number(other.headers.get('retry-after'))).toBeGreaterThanOrEqual(10)
    }
    paceline.unpin()
    expect((await fetch(`${url}/pay`)).status).toBe(200)
  })

  it('features give way as the mode goes up', async () => {
    const [{ url }, paceline] = await started(async (handle) => ({
      body: await handle.feature('search', { full: () => 'all', reduced: () => 'some', off: () => 'none' }),
    }))
    const found = async (): Promise<string> => (await fetch(url)).text()
    expect(await found()).toBe('all')
    paceline.pin('conserving', { ttlMs: 60_000, reason: 'drill' })
    expect(await found()).toBe('some')
    paceline.pin('degraded', { ttlMs: 60_000, reason: 'drill' })
    expect(await found()).toBe('none')
  })

  it('the gateway’s Server-Timing reaches the browser beside the app’s own, and no other header does', async () => {
    const gateway = new Headers({
      'server-timing': 'gateway;dur=12, paceline;desc="c1.r1.3"',
      'paceline-provider': 'b',
      'set-cookie': 'a=b',
    })
    const [{ url }] = await started((handle) => {
      handle.relay(gateway)
      return { headers: { 'server-timing': 'db;dur=3' }, body: 'x' }
    })
    const { headers } = await fetch(url)
    expect(headers.get('server-timing')).toBe('db;dur=3, gateway;dur=12, paceline;desc="c1.r1.3"')
    expect(headers.get('paceline-provider')).toBeNull()
    expect(headers.get('set-cookie')).toBeNull()
  })

  it('what is shed and what fails is told to the edge, and what it directs is in force here', async () => {
    const edge = await startScriptedEdge(await newSigningKey('k'))
    closers.push(() => edge.close())
    await edge.publish(directives(1, { features: { search: 'reduced' } }))
    const paceline = newPaceline({ edge: edge.url, key: SECRET, name: 'web-1' })
    const gate = newGate()
    const [{ url }] = await started(async (handle, path) => {
      if (path !== '/search') return await gate.handler(handle, path)
      const body = await handle.feature('search', {
        full: () => 'all',
        reduced: () => Promise.reject(new Error('the index is gone')),
        off: () => 'none',
      })
      return { body }
    }, paceline)
    await eventually(() => paceline.status().directives.version === 1, 'the directives')
    expect(await (await fetch(`${url}/search`)).text()).toBe('none')
    await nobodyIsLeft(paceline)
    const held = Array.from({ length: 8 }, () => fetch(`${url}/`))
    await eventually(() => inFlight(paceline) === 8, 'a full server')
    await Promise.all(['/', '/', '/export/x'].map((path) => fetch(url + path)))
    const told = (): readonly PacelineEvent[] =>
      edge.events.filter(({ type }) => type !== 'server.mode.changed')
    await eventually(() => {
      clock.advance(100)
      return told().length === 2
    }, 'the reports')
    expect(told().map(({ type, data }) => ({ type, data }))).toEqual([
      { type: 'server.feature.failed', data: { feature: 'search', variant: 'reduced', afterMs: 0 } },
      {
        type: 'server.requests.shed',
        data: { critical: 0, interactive: 2, background: 0, bulk: 1, overMs: 10_000 },
      },
    ])
    gate.open()
    await Promise.all(held)
  })

  it('what is shed by the mode is told to the edge, too, and raises no load', async () => {
    const edge = await startScriptedEdge(await newSigningKey('k'))
    closers.push(() => edge.close())
    const paceline = newPaceline({ edge: edge.url, key: SECRET, name: 'web-1' })
    const [{ url }] = await started(() => ({ body: 'served' }), paceline)
    paceline.pin('essential', { ttlMs: 60_000, reason: 'drill' })
    await Promise.all(['/', '/pay', '/export/x', '/login'].map((path) => fetch(url + path)))
    const told = (): readonly PacelineEvent[] =>
      edge.events.filter(({ type }) => type === 'server.requests.shed')
    await eventually(() => {
      clock.advance(100)
      return told().length > 0
    }, 'the report')
    expect(told().map(({ data }) => data)).toEqual([
      { critical: 1, interactive: 1, background: 0, bulk: 1, overMs: 10_000 },
    ])
    expect(paceline.status().mode.local).toBe('normal')
  })
})

describe('behind Hono without Node', () => {
  function app(body: () => ReadableStream<Uint8Array> | string | null): [Hono<PacelineEnv>, Paceline] {
    const paceline = newPaceline()
    const app = new Hono<PacelineEnv>()
    app.use(honoMiddleware(paceline))
    app.get('/', () => new Response(body(), { headers: { 'x-own': 'kept' } }))
    return [app, paceline]
  }
  const endless = (): ReadableStream<Uint8Array> =>
    new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(8)) })

  it('a permit is held until the body has been read', async () => {
    const [hono, paceline] = app(() => 'whole')
    const response = await hono.request('/')
    expect(inFlight(paceline)).toBe(1)
    expect(response.headers.get('x-own')).toBe('kept')
    expect(await response.text()).toBe('whole')
    expect(inFlight(paceline)).toBe(0)
  })

  it('a permit comes back when the reader cancels, and at once where there is no body', async () => {
    const [hono, paceline] = app(endless)
    const response = await hono.request('/')
    await response.body?.cancel()
    expect(inFlight(paceline)).toBe(0)
    const [empty, other] = app(() => null)
    await empty.request('/')
    expect(inFlight(other)).toBe(0)
  })

  it('a permit comes back when the client leaves', async () => {
    const [hono, paceline] = app(endless)
    const leaving = new AbortController()
    await hono.request('/', { signal: leaving.signal })
    leaving.abort()
    expect(inFlight(paceline)).toBe(0)
  })
})
