import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { Purges } from './purges.ts'

const namespace = (env as unknown as { ANSWERS: KVNamespace }).ANSWERS
const freshTenant = (): string => crypto.randomUUID()
const out = {
  get: () => Promise.reject(new Error('KV is out')),
  put: () => Promise.reject(new Error('KV is out')),
} as unknown as KVNamespace

describe('the purge of a tenant', () => {
  it('holds at once where it was asked for, and elsewhere as soon as KV is read', async () => {
    const tenant = freshTenant()
    const [here, there] = [new Purges(() => 5_000), new Purges(() => 6_000)]
    expect(await there.read(tenant, namespace)).toBe(0)
    expect(await here.purge(tenant, namespace)).toBe(5_000)
    expect(here.known(tenant, namespace)).toBe(5_000)
    expect(await there.read(tenant, namespace)).toBe(5_000)
    expect(await there.read(freshTenant(), namespace)).toBe(0)
  })

  it('is looked up again after ten seconds', async () => {
    const tenant = freshTenant()
    let now = 20_000
    const purges = new Purges(() => now)
    expect(purges.known(tenant, namespace)).toBeNull()
    await purges.read(tenant, namespace)
    now = 29_999
    expect(purges.known(tenant, namespace)).toBe(0)
    now = 30_000
    expect(purges.known(tenant, namespace)).toBeNull()
  })

  it('is not undone by KV that still shows what was before', async () => {
    const tenant = freshTenant()
    const purges = new Purges(() => 5_000)
    await purges.purge(tenant, namespace)
    await namespace.put(`purge:${tenant}`, JSON.stringify({ purgedAt: 4_000 }))
    expect(await purges.read(tenant, namespace)).toBe(5_000)
  })

  it.each(['', 'x', 'null', '5', '{"purgedAt":-1}', '{"purgedAt":"now"}'])(
    'can’t be told where somebody has put %j',
    async (text) => {
      const tenant = freshTenant()
      await namespace.put(`purge:${tenant}`, text)
      expect(await new Purges(() => 5_000).read(tenant, namespace)).toBeNull()
    },
  )

  it('can’t be told, or told to others, while KV is out', async () => {
    const purges = new Purges(() => 5_000)
    expect(await purges.read('acme', out)).toBeNull()
    await expect(purges.purge('acme', out)).rejects.toThrow('KV is out')
    expect(purges.known('acme', out)).toBe(5_000)
  })

  it('is this isolate’s own affair where there is no KV', async () => {
    const purges = new Purges(() => 5_000)
    expect(purges.known('acme', null)).toBe(0)
    await purges.purge('acme', null)
    expect(purges.known('acme', null)).toBe(5_000)
    expect(purges.known('umbrella', null)).toBe(0)
  })

  it('is not forgotten when there are too many to remember', async () => {
    let now = 5_000
    const purges = new Purges(() => now)
    await purges.purge('acme', null)
    now = 4_000
    for (let count = 0; count < 10_000; count += 1) await purges.purge(`tenant-${count}`, null)
    expect(purges.known('acme', null)).toBe(5_000)
  })
})
