import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { NO_DIRECTIVES, parseConfig } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import { createApp } from '../app.ts'
import type { Env } from '../env.ts'

const config = (regions: readonly string[]) =>
  parseConfig({
    providers: { p: { wire: 'openai', baseUrl: 'https://p.test/v1' } },
    models: { m: { provider: 'p', model: 'm' } },
    routes: { chat: { candidates: ['m'] } },
    keys: { app: { secretFrom: 'KEY' } },
    regions,
  })

/** Asks for the directives from somewhere, and tells who was asked for them. */
async function askedFrom(
  regions: readonly string[],
  cf: object,
): Promise<{ name: string; locationHint?: string }[]> {
  const asked: { name: string; locationHint?: string }[] = []
  const env = {
    PROVIDER_HEALTH: {
      idFromName: (name: string) => name,
      get: (name: string, options: object) => {
        asked.push({ name, ...options })
        return { held: () => Promise.resolve({ directives: NO_DIRECTIVES, ageMs: 0 }) }
      },
    },
    COORDINATOR: { idFromName: (name: string) => name, get: () => ({}) },
  } as unknown as Env
  const app = createApp(config(regions))
  const context = createExecutionContext()
  await app.fetch(new Request('https://edge.test/directives', { cf: cf as CfProperties }), env, context)
  await waitOnExecutionContext(context)
  return asked
}

const FRANKFURT = { colo: 'FRA', country: 'DE', continent: 'EU' }
const TOKYO = { colo: 'NRT', country: 'JP', continent: 'AS' }

describe('the object that keeps the health of a request', () => {
  it('is one for all where no regions are named', async () => {
    expect(await askedFrom([], FRANKFURT)).toEqual([{ name: 'default' }])
  })

  it('is that of its region, and placed there', async () => {
    expect(await askedFrom(['weur'], FRANKFURT)).toEqual([{ name: 'weur', locationHint: 'weur' }])
  })

  it('is the default outside the named regions', async () => {
    expect(await askedFrom(['weur'], TOKYO)).toEqual([{ name: 'default' }])
  })
})
