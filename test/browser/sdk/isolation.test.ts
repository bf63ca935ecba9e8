import type { PublicDirectives } from '@paceline/core'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startBrowser } from '../../support/browser.ts'
import { CALM, startEdge, type EdgeStandIn } from './edge-stand-in.ts'
import { openPage, until, type SdkPage } from './sdk-page.ts'

let browser: Browser
let edge: EdgeStandIn
let sdk: SdkPage | undefined

beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())
beforeEach(async () => {
  edge = await startEdge()
})
afterEach(async () => {
  await sdk?.page.close()
  await edge.close()
})

const BROKEN = {
  'a storage that is full':
    'Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError") }',
  'no PerformanceObserver': 'delete window.PerformanceObserver',
  'no supported entry types':
    'Object.defineProperty(PerformanceObserver, "supportedEntryTypes", { value: [] })',
  'storage that throws': `
    for (const name of ['localStorage', 'sessionStorage'])
      Object.defineProperty(window, name, { get() { throw new DOMException('denied', 'SecurityError') } })`,
  'no locks':
    'Object.defineProperty(Navigator.prototype, "locks", { get: () => undefined }); delete Navigator.prototype.locks',
  'no constructable style sheets': 'delete window.CSSStyleSheet',
  'a fetch that throws': 'window.fetch = () => { throw new Error("patched badly") }',
}

const IN_INCIDENT: PublicDirectives = {
  ...CALM,
  notices: [
    {
      id: 'notice-1',
      incident: 'incident-1',
      severity: 'warning',
      code: 'provider-slow',
      select: {},
      symptom: 'Answers take longer than usual to begin.',
      works: '',
      action: '',
      since: 1_760_000_000_000,
      nextUpdateMs: 600_000,
      ttlMs: 900_000,
    },
  ],
}

describe('a hostile page', () => {
  it.each(Object.entries(BROKEN))('has no errors of ours with %s', async (name, script) => {
    const context = await browser.newContext()
    await context.addInitScript(script)
    edge.directives = IN_INCIDENT
    sdk = await openPage(context, edge, '{ onEvent() { throw new Error("the app’s own mistake") } }')
    const shown = await sdk.page.evaluate(`
      (async () => {
        const region = document.createElement('div')
        document.querySelector('#chat').append(region)
        const turn = sdk.turn({ region, startedAt: performance.now() })
        const early = document.createElement('p')
        early.textContent = 'Removed at once'
        region.append(early)
        await null
        early.remove()
        await new Promise(requestAnimationFrame)
        region.append('Hello')
        const shown = await turn.shown
        document.body.replaceChildren()
        return shown
      })()
    `)
    expect(shown).toMatchObject({ class: 'visible' })
    if (name !== 'a fetch that throws')
      await until(() => edge.events('ai.turn.shown').length === 1, 'the turn arrived all the same')
    expect(sdk.troubles).toEqual([])
    await context.close()
  })

  it('gets a turn that does nothing for nonsense', async () => {
    sdk = await openPage(browser, edge)
    expect(await sdk.page.evaluate('sdk.turn().shown')).toBeNull()
    expect(await sdk.page.evaluate('sdk.turn({ region: 5 }).shown')).toBeNull()
    expect(sdk.troubles).toEqual([])
  })

  it('gets the same instance when it starts twice', async () => {
    sdk = await openPage(browser, edge)
    expect(await sdk.page.evaluate(`paceline.start({ edge: '', key: '' }) === sdk`)).toBe(true)
  })

  it('is as it was after a stop', async () => {
    edge.directives = IN_INCIDENT
    sdk = await openPage(browser, edge)
    await sdk.page.locator('paceline-notice').waitFor({ state: 'attached' })
    await sdk.page.evaluate('sdk.stop()')
    expect(await sdk.page.locator('paceline-notice').count()).toBe(0)
    expect(sdk.troubles).toEqual([])
  })
})
