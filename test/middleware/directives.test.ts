import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PacelineEvent } from '@paceline/core'
import { createPaceline, type Paceline, type PacelineOptions } from '@paceline/server-middleware'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from './eventually.ts'
import { ManualClock } from './manual-clock.ts'
import {
  directives,
  newSigningKey,
  SECRET,
  sign,
  startScriptedEdge,
  type ScriptedEdge,
  type SigningKey,
} from './scripted-edge.ts'

const closers: (() => Promise<unknown>)[] = []
let key: SigningKey
let edge: ScriptedEdge
let clock: ManualClock
let folder: string

beforeEach(async () => {
  key = await newSigningKey('2026-11')
  edge = await startScriptedEdge(key)
  closers.push(() => edge.close())
  clock = new ManualClock()
  folder = mkdtempSync(join(tmpdir(), 'paceline-state-'))
})
afterEach(async () => {
  await Promise.allSettled(closers.splice(0).map((close) => close()))
  rmSync(folder, { recursive: true })
})

function started(options: Partial<PacelineOptions> = {}): Paceline {
  const paceline = createPaceline({
    essential: ['/login'],
    edge: edge.url,
    key: SECRET,
    name: 'web-1',
    clock,
    ...options,
  })
  closers.push(() => paceline.close())
  return paceline
}

const modeOf = (paceline: Paceline): string => paceline.status().mode.effective
const holds = (paceline: Paceline, version: number): Promise<void> =>
  eventually(() => paceline.status().directives.version === version, `version ${version}`)
const isConnected = (paceline: Paceline): Promise<void> =>
  eventually(() => paceline.status().edge?.connected === true, 'the connection')
const reported = <T extends PacelineEvent['type']>(type: T) =>
  edge.events.filter((event): event is Extract<PacelineEvent, { type: T }> => event.type === type)

const statePath = (): string => join(folder, 'deep', 'directives.json')
const LEASED = directives(
  2,
  { mode: 'conserving' },
  {
    maxAgeMs: 60_000,
    leases: [{ id: 'l', incident: 'i', priority: 1, sets: { mode: 'degraded' }, ttlMs: 20_000 }],
  },
)

describe('a server with an edge', () => {
  it('takes what is published the moment that it is', async () => {
    await edge.publish(directives(1))
    const paceline = started()
    await isConnected(paceline)
    await holds(paceline, 1)
    expect(modeOf(paceline)).toBe('normal')
    await edge.publish(directives(2, { mode: 'essential' }))
    await holds(paceline, 2)
    expect(modeOf(paceline)).toBe('essential')
    expect(paceline.status().directives).toMatchObject({ epoch: 1, source: 'edge', stale: false })
  })

  it('reports the change of its mode, and who caused it', async () => {
    await edge.publish(directives(1, { mode: 'degraded' }))
    const paceline = started()
    await holds(paceline, 1)
    clock.advance(2_000)
    await eventually(() => edge.events.length > 0, 'the report')
    expect(reported('server.mode.changed')).toMatchObject([
      { source: '/server/web-1', data: { from: 'normal', to: 'degraded', cause: 'global' } },
    ])
  })

  it('loses no order when documents come faster than they can be verified', async () => {
    const paceline = started()
    await isConnected(paceline)
    for (let version = 1; version <= 30; version += 1) await edge.publish(directives(version))
    await holds(paceline, 30)
    await paceline.close()
    expect(reported('directive.refused')).toEqual([])
  })

  it('gets the newest when it comes back after a break', async () => {
    await edge.publish(directives(1))
    const paceline = started()
    await isConnected(paceline)
    await holds(paceline, 1)
    edge.hangUp()
    await eventually(() => paceline.status().edge?.connected === false, 'the loss')
    expect(paceline.status().directives.version).toBe(1)
    await edge.publish(directives(2, { mode: 'conserving' }))
    clock.advance(1_000)
    await isConnected(paceline)
    await holds(paceline, 2)
    expect(modeOf(paceline)).toBe('conserving')
  })

  it('notices a connection on which nothing can be heard any more', async () => {
    await edge.publish(directives(1))
    const paceline = started()
    await isConnected(paceline)
    await holds(paceline, 1)
    // The pong can't arrive while the clock is moved without a turn of the event loop.
    clock.advance(35_000)
    await eventually(() => paceline.status().edge?.connected === false, 'the loss')
    clock.advance(1_000)
    await isConnected(paceline)
    expect(edge.requests.filter((request) => request.startsWith('UPGRADE'))).toHaveLength(2)
  })

  it('polls where no connection comes about', async () => {
    const paceline = started()
    await paceline.ready()
    await edge.publish(directives(1, { mode: 'conserving' }))
    edge.hangUp()
    clock.advance(10_000)
    await holds(paceline, 1)
    expect(modeOf(paceline)).toBe('conserving')
  })

  it('says what keeps it from the edge', async () => {
    const paceline = started({ key: 'another' })
    await paceline.ready()
    expect(paceline.status().edge?.problem).toContain('check `key`')
    expect(modeOf(paceline)).toBe('normal')
  })
})

describe('a document that is not as it should be', () => {
  it('changes nothing, and is reported once', async () => {
    await edge.publish(directives(5, { mode: 'conserving' }))
    const paceline = started()
    await isConnected(paceline)
    await holds(paceline, 5)
    const stranger = await newSigningKey('2026-11')
    const worse = JSON.stringify(directives(9, { mode: 'emergency' }))
    const good = await sign(worse, key)
    const bad = [
      await sign(worse, stranger),
      await sign(worse, await newSigningKey('unheard-of')),
      `${good.slice(0, -4)}AAAA`,
      '',
      await sign('', key),
      'no jws at all',
      await sign('{}', key),
      await sign(JSON.stringify({ ...directives(9), base: { mode: 'panic' } }), key),
      await sign(JSON.stringify(directives(4, { mode: 'emergency' })), key),
    ]
    for (const text of [...bad, ...bad]) edge.say(text)
    await edge.publish(directives(6, { mode: 'degraded' }))
    await holds(paceline, 6)
    expect(modeOf(paceline)).toBe('degraded')
    await paceline.close()
    const refused = reported('directive.refused').map(({ data }) => data)
    expect(refused).toHaveLength(4)
    expect(refused).toEqual(
      expect.arrayContaining([
        { reason: 'wrongly-signed' },
        { reason: 'empty' },
        { reason: 'malformed' },
        { reason: 'older', epoch: 1, version: 4 },
      ]),
    )
    expect(reported('server.mode.changed').map(({ data }) => data.to)).not.toContain('emergency')
  })

  it('is no word against the edge when a push overtakes the answer to a poll', async () => {
    const late = Promise.withResolvers<void>()
    edge.delay = late.promise
    await edge.publish(directives(2))
    const paceline = started()
    await holds(paceline, 2)
    await edge.publish(directives(3))
    await holds(paceline, 3)
    late.resolve()
    await paceline.ready()
    // What is told afterwards arrives, and nothing before it.
    paceline.pin('degraded', { ttlMs: 60_000, reason: 'drill' })
    await eventually(() => {
      clock.advance(100)
      return edge.events.length > 0
    }, 'the report')
    expect(edge.events.map(({ type }) => type)).toEqual(['server.mode.changed'])
    expect(paceline.status().directives.version).toBe(3)
  })

  it('is refused when it is signed by a key that is not pinned, whatever the edge publishes', async () => {
    const other = await newSigningKey('other')
    edge.keys = [key, other]
    const paceline = started({ publicKeys: [key.publicKey] })
    await isConnected(paceline)
    await edge.publish(directives(2, { mode: 'emergency' }), other)
    await edge.publish(directives(1), key)
    await holds(paceline, 1)
    expect(modeOf(paceline)).toBe('normal')
    expect(edge.requests).not.toContain('GET /directives/keys')
  })
})

describe('the keys of the edge', () => {
  it('can be changed while servers run', async () => {
    await edge.publish(directives(1))
    const paceline = started()
    await isConnected(paceline)
    await holds(paceline, 1)
    const next = await newSigningKey('2026-12')
    edge.keys = [key, next]
    clock.advance(31_000)
    await edge.publish(directives(2), next)
    clock.advance(31_000)
    await holds(paceline, 2)
    await paceline.close()
    expect(reported('directive.refused')).toEqual([])
  })

  it('are asked for again when they could not be had, and nothing is said against the document', async () => {
    edge.keysStatus = 500
    await edge.publish(directives(1))
    const paceline = started()
    await paceline.ready()
    expect(paceline.status()).toMatchObject({
      directives: { version: 0 },
      edge: { problem: expect.stringContaining('keys') as unknown },
    })
    edge.keysStatus = 200
    clock.advance(40_000)
    await holds(paceline, 1)
    await paceline.close()
    expect(reported('directive.refused')).toEqual([])
  })
})

describe('when the edge is gone', () => {
  it('keeps the base, lets leases run out, and says that it is stale', async () => {
    await edge.publish(LEASED)
    const paceline = started()
    await holds(paceline, 2)
    expect(modeOf(paceline)).toBe('degraded')
    await edge.close()
    clock.advance(19_000)
    expect(modeOf(paceline)).toBe('degraded')
    clock.advance(2_000)
    expect(modeOf(paceline)).toBe('conserving')
    expect(paceline.status().directives.stale).toBe(false)
    clock.advance(60_000)
    expect(modeOf(paceline)).toBe('conserving')
    expect(paceline.status().directives).toMatchObject({ version: 2, stale: true })
  })

  it('is not stale for as long as the edge confirms what it holds, while leases run out all the same', async () => {
    await edge.publish(LEASED)
    const paceline = started()
    await isConnected(paceline)
    await holds(paceline, 2)
    const seen: boolean[] = []
    paceline.watch(({ directives }) => seen.push(directives.stale))
    await eventually(() => {
      clock.advance(200)
      return (paceline.status().directives.ageMs ?? 0) >= 180_000
    }, 'three minutes')
    expect(seen).not.toContain(true)
    expect(paceline.status().directives).toMatchObject({ version: 2, stale: false })
    expect(modeOf(paceline)).toBe('conserving')
  })
})

describe('a restart without the edge', () => {
  async function leaveCopy(): Promise<void> {
    await edge.publish(LEASED)
    const first = started({ statePath: statePath() })
    await holds(first, 2)
    await first.close()
    await edge.close()
  }

  it('begins where it was, and counts the age of its copy', async () => {
    await leaveCopy()
    clock.advance(10_000)
    const paceline = started({ statePath: statePath() })
    await paceline.ready()
    expect(modeOf(paceline)).toBe('degraded')
    expect(paceline.status().directives).toMatchObject({ version: 2, source: 'disk', ageMs: 10_000 })
    clock.advance(11_000)
    expect(modeOf(paceline)).toBe('conserving')
    expect(readdirSync(join(folder, 'deep'))).toEqual(['directives.json'])
  })

  it('lets leases stay over that ran out meanwhile', async () => {
    await leaveCopy()
    clock.advance(21_000)
    const paceline = started({ statePath: statePath() })
    await paceline.ready()
    expect(modeOf(paceline)).toBe('conserving')
  })

  it('believes a copy no more than the network', async () => {
    await leaveCopy()
    const copy = JSON.parse(readFileSync(statePath(), 'utf8')) as { jws: string }
    const forged = await sign(
      JSON.stringify(directives(9, { mode: 'emergency' })),
      await newSigningKey('2026-11'),
    )
    writeFileSync(statePath(), JSON.stringify({ ...copy, jws: forged }))
    const paceline = started({ statePath: statePath() })
    await paceline.ready()
    expect(paceline.status()).toMatchObject({ mode: { effective: 'normal' }, directives: { source: 'none' } })
  })

  it.each(['', '{', '[]', '{"receivedAt":1}'])('does not stumble over a broken copy: %j', async (text) => {
    await leaveCopy()
    writeFileSync(statePath(), text)
    const paceline = started({ statePath: statePath() })
    await paceline.ready()
    expect(paceline.status().directives.source).toBe('none')
  })

  it('does not need the disk', async () => {
    writeFileSync(join(folder, 'file'), '')
    await edge.publish(directives(1))
    const paceline = started({ statePath: join(folder, 'file', 'directives.json') })
    await holds(paceline, 1)
    expect(paceline.status().edge?.problem).toBeNull()
  })
})

describe('a server without an edge', () => {
  it('decides by itself', async () => {
    const paceline = createPaceline({ essential: [], clock })
    await paceline.ready()
    paceline.pin('degraded', { ttlMs: 5_000, reason: 'drill' })
    expect(modeOf(paceline)).toBe('degraded')
    clock.advance(5_000)
    expect(modeOf(paceline)).toBe('normal')
    expect(paceline.status()).toMatchObject({ edge: null, events: { waiting: 0, lost: 0 } })
    await paceline.close()
  })
})
