import { parseConfig } from '@paceline/core'
import { describe, expect, it, vi } from 'vitest'
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
  const set = { HOOK_URL: 'https://hook.example/x', HOOK_SECRET: 'whsec_AAAA' }

  /** What is said in the log while receivers are read. */
  function logged(variables: Readonly<Record<string, unknown>>): string[] {
    const said: string[] = []
    const spy = vi.spyOn(console, 'error').mockImplementation((line: string) => void said.push(line))
    expect(webhooksOf(configured(), variables)).toEqual([])
    spy.mockRestore()
    return said
  }

  it('are those whose address and secret are set', () => {
    expect(webhooksOf(configured(), set)).toEqual([
      { name: 'oncall', url: 'https://hook.example/x', secret: 'whsec_AAAA' },
    ])
    expect(logged({})).toEqual([])
    expect(logged({ HOOK_URL: '', HOOK_SECRET: undefined })).toEqual([])
  })

  it.each([
    ['an address that is none', 'HOOK_URL', 'hook.example/private'],
    ['an address that nothing can be posted to', 'HOOK_URL', 'mailto:private@hook.example'],
    ['no address', 'HOOK_URL', undefined],
    ['a secret that is not in base64', 'HOOK_SECRET', 'whsec_a-private_secret'],
    ['a secret that holds nothing', 'HOOK_SECRET', 'whsec_'],
    ['no secret', 'HOOK_SECRET', ''],
  ])('leave out one with %s, and the log says what to mend and not what was there', (_, variable, value) => {
    const [line = '', ...more] = logged({ ...set, [variable]: value })
    expect(JSON.parse(line)).toEqual({
      event: 'notify.misconfigured',
      webhook: 'oncall',
      mend: expect.stringContaining(`set ${variable} to `) as unknown,
    })
    expect(line).not.toContain('private')
    expect(more).toEqual([])
  })
})
