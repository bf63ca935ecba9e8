import { parseConfig } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import { settingsOf, webhooksOf } from './settings.ts'

const configured = (suspectAfter = 3) =>
  parseConfig({
    providers: {
      one: { wire: 'openai', baseUrl: 'https://one.example/v1', keyFrom: 'ONE_KEY' },
      two: { wire: 'openai', baseUrl: 'https://two.example/v1' },
    },
    models: { a: { provider: 'one', model: 'm' }, b: { provider: 'two', model: 'm' } },
    routes: { chat: { candidates: ['a', 'b'], order: 'strict' } },
    keys: { app: { secretFrom: 'APP_KEY' } },
    playbooks: { 'ttfvt-breach': { suspectAfter } },
    notify: { webhooks: { oncall: { urlFrom: 'HOOK_URL', secretFrom: 'HOOK_SECRET' } } },
  })

describe('the settings of the response', () => {
  it('name the candidates that can take part here, in their order', () => {
    expect(settingsOf(configured(), { ONE_KEY: 'k' }).routes).toEqual({
      chat: { candidates: ['a', 'b'], order: 'strict', targetsMs: { a: 800, b: 800 } },
    })
    expect(settingsOf(configured(), {}).routes).toEqual({
      chat: { candidates: ['b'], order: 'strict', targetsMs: { b: 800 } },
    })
  })

  it('have the same hash as long as they are the same, and another otherwise', () => {
    const { hash } = settingsOf(configured(), { ONE_KEY: 'k' })
    expect(hash).toMatch(/^[0-9a-f]{8}$/)
    expect(settingsOf(configured(), { ONE_KEY: 'another' }).hash).toBe(hash)
    expect(settingsOf(configured(), {}).hash).not.toBe(hash)
    expect(settingsOf(configured(4), { ONE_KEY: 'k' }).hash).not.toBe(hash)
  })
})

describe('the receivers of messages', () => {
  it('are those whose address and secret are set', () => {
    const set = { HOOK_URL: 'https://hook.example/x', HOOK_SECRET: 'whsec_AAAA' }
    expect(webhooksOf(configured(), set)).toEqual([
      { name: 'oncall', url: 'https://hook.example/x', secret: 'whsec_AAAA' },
    ])
    for (const missing of [
      { ...set, HOOK_URL: 'not an address' },
      { ...set, HOOK_URL: undefined },
      { ...set, HOOK_SECRET: '' },
      {},
    ])
      expect(webhooksOf(configured(), missing)).toEqual([])
  })
})
