import { createPaceline, type Paceline, type PacelineOptions } from '@paceline/server-middleware'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startStack, type Stack } from '../support/stack.ts'
import { eventually } from './eventually.ts'

let stack: Stack
const joined: Paceline[] = []
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())
afterEach(async () => {
  await Promise.all(joined.splice(0).map((paceline) => paceline.close()))
})

async function join(options: Partial<PacelineOptions> = {}): Promise<Paceline> {
  const paceline = createPaceline({
    essential: [],
    edge: stack.url,
    key: stack.key,
    name: 'web-1',
    ...options,
  })
  joined.push(paceline)
  await paceline.ready()
  await eventually(() => paceline.status().edge?.connected === true, 'the connection')
  await eventually(() => paceline.status().directives.version > 0, 'directives')
  return paceline
}

describe('a server at the real edge', () => {
  it('is connected, and holds what the coordinator has signed', async () => {
    const paceline = await join()
    expect(paceline.status()).toMatchObject({
      mode: { effective: 'normal' },
      directives: { source: 'edge', stale: false },
      edge: { problem: null },
    })
  })

  it('takes what it reports to where it is accepted', async () => {
    const paceline = await join()
    paceline.pin('conserving', { ttlMs: 60_000, reason: 'this test' })
    expect(paceline.status().events.waiting).toBe(1)
    await eventually(() => paceline.status().events.waiting === 0, 'the report', 10_000)
    expect(paceline.status().events.lost).toBe(0)
  })

  it('is told that its key is wrong, and goes on without', async () => {
    const paceline = createPaceline({ essential: [], edge: stack.url, key: 'wrong' })
    joined.push(paceline)
    await paceline.ready()
    expect(paceline.status()).toMatchObject({
      mode: { effective: 'normal' },
      edge: { connected: false, problem: expect.stringContaining('check `key`') as unknown },
    })
  })
})
