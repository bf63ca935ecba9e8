import type { PublicDirectives } from '@paceline/core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startBrowser } from '../../support/browser.ts'
import { CALM, startEdge, type EdgeStandIn } from './edge-stand-in.ts'
import { openIn, startSdk, until } from './sdk-page.ts'

let browser: Browser
/** One for all tests, which are told apart by their origins. */
let page: Page
let edge: EdgeStandIn

beforeAll(async () => {
  browser = await startBrowser()
  page = await browser.newPage()
})
afterAll(() => browser.close())
beforeEach(async () => {
  edge = await startEdge()
  version = 1
})
afterEach(async () => {
  await edge.close()
})

const NOTICE: PublicDirectives['notices'][number] = {
  id: 'notice-1',
  incident: 'incident-1',
  severity: 'warning',
  code: 'provider-slow',
  select: { route: 'chat' },
  symptom: 'Answers take longer than usual to begin.',
  works: 'Chat, search and your history. Nothing that you have written is lost.',
  action: 'New questions go to another provider while we look into it.',
  since: 1_760_000_000_000,
  nextUpdateMs: 600_000,
  ttlMs: 900_000,
}

let version = 1
/** Publishes the next version with these notices. */
function publish(notices: readonly Partial<typeof NOTICE>[], more: Partial<PublicDirectives> = {}): void {
  version += 1
  edge.directives = {
    ...CALM,
    version,
    ...more,
    notices: notices.map((notice) => ({ ...NOTICE, ...notice })),
  }
}

const status = () => page.locator('paceline-notice [role=status]')
const visible = () => page.locator('paceline-notice .symptom').waitFor()
const gone = () => page.locator('paceline-notice .card.bare').waitFor({ state: 'attached' })
const open = (options?: string) => openIn(page, edge, options)

describe('a notice', () => {
  it('fills a status region that was there before, and leaves the focus where it is', async () => {
    await open()
    await page.focus('#question')
    await page.evaluate(`
      new MutationObserver(() => {
        const region = document.querySelector('paceline-notice')?.shadowRoot.querySelector('[role=status]')
        if (region) window.first ??= { region, text: region.textContent }
      }).observe(document.body, { childList: true })
    `)
    await until(() => edge.directivesAsked > 0, 'the directives were looked at')
    expect(await page.locator('paceline-notice').count()).toBe(0)
    publish([{}])
    await visible()
    expect(await page.evaluate('first.text')).toBe('')
    expect(await page.evaluate('first.region.isConnected && first.region.textContent')).toContain(
      NOTICE.symptom,
    )
    expect(await status().innerText()).toContain(NOTICE.works)
    expect(await status().innerText()).toContain(NOTICE.action)
    expect(await page.locator('paceline-notice .news').innerText()).toMatch(
      /Updated now · next update in 10 minutes/,
    )
    expect(await page.evaluate('document.activeElement.id')).toBe('question')
    await until(() => edge.events('notice.shown').length === 1, 'it was told that it was shown')
  })

  it('comes at once where it was fetched while all was well, with the edge’s files out of reach since', async () => {
    const fetched = page.waitForEvent('requestfinished', (request) => request.url().includes('-notice-'))
    await open()
    await fetched
    edge.isNoticeServed = false
    publish([{}])
    await visible()
    expect(edge.noticeAsked).toBe(1)
  })

  it('is tried again with the next directives where its file did not come', async () => {
    edge.isNoticeServed = false
    publish([{}])
    await open()
    await until(() => edge.noticeAsked > 2, 'it was asked for again')
    edge.isNoticeServed = true
    await visible()
    expect(await page.locator('paceline-notice').count()).toBe(1)
  })

  it('says what is true now of the same version, whose ages the edge counts down', async () => {
    publish([{ ttlMs: 700 }], { maxAgeMs: 300 })
    await open()
    await visible()
    const asked = edge.directivesAsked
    await until(
      () => edge.directivesAsked > asked + 15,
      'it was heard again and again, for longer than it lasts',
    )
    expect(await status().innerText()).toContain(NOTICE.symptom)
    expect(await page.locator('paceline-notice .stale').isVisible()).toBe(false)
  })

  it('is not for those on another route', async () => {
    publish([{ select: { route: 'search' } }])
    await open()
    await until(() => edge.directivesAsked > 1, 'the directives were looked at twice')
    expect(await page.locator('paceline-notice .card:not(.bare)').count()).toBe(0)
  })

  it('stays away for its incident once it is put away, until it gets worse', async () => {
    publish([{}])
    await open()
    await visible()
    await page.click('paceline-notice button')
    await gone()
    await until(() => edge.events('notice.dismissed').length === 1, 'it was told that it was put away')
    await page.reload()
    await startSdk(page, edge)
    const asked = edge.directivesAsked
    await until(() => edge.directivesAsked > asked + 1, 'the directives were looked at twice')
    await status().waitFor({ state: 'attached' })
    expect(await status().textContent()).toBe('')
    publish([{ severity: 'critical' }])
    await visible()
  })

  it('says so when nothing new was heard for too long, and goes when its time is up', async () => {
    publish([{ ttlMs: 900 }], { maxAgeMs: 300 })
    await open()
    await visible()
    edge.isDirectivesServed = false
    await page.locator('paceline-notice .stale:not([hidden])').waitFor()
    expect(await page.locator('paceline-notice .stale').innerText()).toContain('may be out of date')
    await gone()
  })

  it('says that it is over only when the edge says so', async () => {
    publish([{}])
    await open(`{ notice: { links: [{ href: '/help', text: 'Help' }] } }`)
    await visible()
    publish([])
    await page.locator('paceline-notice .card.resolved').waitFor()
    expect(await status().innerText()).toContain('resolved')
    expect(await page.locator('paceline-notice a').isVisible()).toBe(false)
    await gone()
  })

  it('speaks the language that the page brings along, and offers its links', async () => {
    publish([{}])
    await open(
      `{ notice: { locale: 'de', messages: { 'provider-slow': { symptom: 'Antworten beginnen später.', works: 'Alles andere.', action: 'Wir weichen aus.' } }, words: { updated: 'Stand:' }, links: [{ href: '/help', text: 'Hilfe' }] } }`,
    )
    await visible()
    expect(await status().innerText()).toContain('Antworten beginnen später.')
    expect(await page.locator('paceline-notice .news').innerText()).toContain('in 10 Minuten')
    expect(await page.getAttribute('paceline-notice a', 'href')).toBe('/help')
  })

  it('is shown to those who want nothing reported, and reports nothing', async () => {
    publish([{}])
    await open('{ consent: false }')
    await visible()
    await page.click('paceline-notice button')
    await gone()
    expect(edge.posts).toEqual([])
  })
})

describe('directives', () => {
  it.each([
    ['malformed', '{"epoch":1}'],
    ['empty', ''],
    ['older', JSON.stringify({ ...CALM, epoch: 0 })],
  ])('that are %s are refused and told of once; the last good ones stay', async (reason, document) => {
    publish([{}])
    await open()
    await visible()
    edge.directives = document
    const before = edge.directivesAsked
    await until(() => edge.directivesAsked > before + 2, 'they were looked at again')
    await until(() => edge.events('directive.refused').length > 0, 'the refusal was told')
    expect(edge.events('directive.refused').map(({ data }) => data.reason)).toEqual([reason])
    expect(await status().innerText()).toContain(NOTICE.symptom)
  })
})

describe('the script tag', () => {
  it('starts by itself under a strict policy without a violation', async () => {
    publish([{}])
    const policy = [
      "default-src 'none'",
      `script-src 'self' ${edge.url}`,
      "style-src 'self'",
      `connect-src ${edge.url}`,
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ].join('; ')
    const complaints: string[] = []
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(`${edge.url}/strict.html?csp=${encodeURIComponent(policy)}`)
    await visible()
    expect(await page.evaluate('typeof paceline.turn')).toBe('function')
    await until(() => edge.events('notice.shown').length === 1, 'it reported')
    const position = `getComputedStyle(document.querySelector('paceline-notice').shadowRoot.querySelector('.card')).position`
    expect(await page.evaluate(position)).toBe('fixed')
    expect(complaints.filter((text) => !text.includes('favicon'))).toEqual([])
  })
})
