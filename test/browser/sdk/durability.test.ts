import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startBrowser } from '../../support/browser.ts'
import { CALM, startEdge, type EdgeStandIn } from './edge-stand-in.ts'
import { openPage, startSdk, until } from './sdk-page.ts'

let browser: Browser
let context: BrowserContext
let edge: EdgeStandIn

beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())
beforeEach(async () => {
  edge = await startEdge()
  context = await browser.newContext()
})
afterEach(async () => {
  await context.close()
  await edge.close()
})

/** Events that are told apart by their route: each is an abandoned turn. */
async function record(page: Page, from: number, count: number): Promise<void> {
  await page.evaluate(`
    for (let i = ${from}; i < ${from + count}; i++)
      sdk.turn({ region: document.querySelector('#chat'), route: 'n' + i, startedAt: performance.now() }).abandon()
  `)
}

const names = (edge: EdgeStandIn): string[] =>
  edge
    .events('ai.turn.lost')
    .map(({ data }) => data.route ?? '')
    .sort()
const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `n${index}`).sort()

describe('what has been recorded', () => {
  it('arrives once each through navigation, a closed tab, an outage and an offline minute, 1,000 of 1,000, and nothing else', async () => {
    await context.clock.install()
    const { page } = await openPage(context, edge)
    await record(page, 0, 250)
    await page.goto(`${edge.url}/plain.html`)
    await startSdk(page, edge, '{ onEvent: ({ type }) => (window.heard ??= []).push(type) }')

    edge.reply = () => 'hang-up'
    await record(page, 250, 250)
    await page.waitForFunction('window.heard?.includes("reporting.blocked")')
    edge.reply = () => 'keep'

    await context.setOffline(true)
    await record(page, 500, 250)
    await page.clock.fastForward(60_000)
    await context.setOffline(false)

    const other = (await openPage(context, edge)).page
    await record(other, 750, 250)
    await other.close({ runBeforeUnload: true })
    await page.close()

    const last = (await openPage(context, edge)).page
    await until(() => edge.kept.size >= 1_000 && names(edge).length >= 1_000, 'all of them arrived')
    await until(() => edge.events('reporting.blocked').length > 0, 'the outage itself was told')
    await last.close()
    expect(names(edge)).toEqual(numbered(1_000))
    expect(edge.kept.size - 1_000).toBe(edge.events('reporting.blocked').length)
  })

  it('is kept through server errors', async () => {
    let failures = 2
    edge.reply = () => (failures-- > 0 ? { status: 500 } : 'keep')
    const { page } = await openPage(context, edge)
    await record(page, 0, 3)
    await until(() => names(edge).length === 3, 'they arrived')
    expect(edge.posts.filter(({ reply }) => reply !== 'keep')).toHaveLength(2)
  })

  it('comes back no sooner than Retry-After says', async () => {
    edge.reply = () => (edge.posts.length === 0 ? { status: 429, retryAfter: '1' } : 'keep')
    const { page } = await openPage(context, edge)
    await record(page, 0, 1)
    await until(() => names(edge).length === 1, 'it arrived')
    const [first, second] = edge.posts
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(950)
  })

  it('is kept while the key is refused, and arrives when it is right again', async () => {
    edge.reply = () => ({ status: 401 })
    const { page } = await openPage(context, edge)
    await record(page, 0, 2)
    await until(() => edge.posts.length > 0, 'it was refused')
    await page.close()
    edge.reply = () => 'keep'
    await openPage(context, edge)
    await until(() => names(edge).length === 2, 'they arrived')
    expect(names(edge)).toEqual(numbered(2))
  })

  it('is not sent again once it was refused for good', async () => {
    edge.refuses = ({ data }) => 'route' in data && data.route === 'n1'
    const { page } = await openPage(context, edge)
    await record(page, 0, 3)
    await until(() => names(edge).length === 2, 'the others arrived')
    const before = edge.posts.length
    await record(page, 3, 1)
    await until(() => names(edge).length === 3, 'a later one arrived')
    const sent = edge.posts.slice(before).flatMap(({ events }) => events.map(({ data }) => data))
    expect(sent).not.toContainEqual(expect.objectContaining({ route: 'n1' }))
  })

  it('is split when it is too much at once, and one that can never pass does not hold up the rest', async () => {
    const isTooMuch = (events: readonly { data: object }[]): boolean =>
      events.length > 4 || events.some(({ data }) => 'route' in data && data.route === 'n3')
    edge.reply = () => 'keep'
    const { page } = await openPage(context, edge)
    await page.route('**/events', async (route) => {
      const { events } = JSON.parse(route.request().postData() ?? '{}') as { events: { data: object }[] }
      await (isTooMuch(events) ? route.fulfill({ status: 413, body: '{}' }) : route.continue())
    })
    await record(page, 0, 10)
    await until(() => names(edge).length === 9, 'the others arrived')
    expect(names(edge)).not.toContain('n3')
  })

  it('arrives from a page without storage', async () => {
    await context.addInitScript(
      `Object.defineProperty(window, 'localStorage', { get() { throw new Error('denied') } })`,
    )
    const { page, troubles } = await openPage(context, edge)
    await record(page, 0, 5)
    await until(() => names(edge).length === 5, 'they arrived')
    await record(page, 5, 1)
    await page.goto('about:blank')
    await until(() => names(edge).length === 6, 'the last one arrived by beacon')
    expect(troubles).toEqual([])
  })

  it('arrives once each from two tabs at a time', async () => {
    const [one, two] = await Promise.all([openPage(context, edge), openPage(context, edge)])
    await Promise.all([record(one.page, 0, 60), record(two.page, 60, 60)])
    await until(() => names(edge).length === 120, 'they arrived')
    const posted = edge.posts.flatMap(({ events }) => events.map(({ id }) => id))
    expect(new Set(posted).size).toBe(120)
    expect(names(edge)).toEqual(numbered(120))
  })

  it('carries the key, a session, and nothing of the page', async () => {
    const { page } = await openPage(context, edge)
    await record(page, 0, 1)
    await until(() => edge.posts.length > 0, 'it arrived')
    const [post] = edge.posts
    expect(post?.key).toBe('pk_test')
    expect(post?.events[0]?.source).toMatch(/^\/browser\/[\da-f-]{36}$/)
    expect(JSON.stringify(post?.events)).not.toContain('plain.html')
    expect(await context.cookies()).toEqual([])
  })
})

/** Records, stays a while, and leaves. */
async function live(page: Page): Promise<void> {
  await record(page, 0, 3)
  await until(() => edge.directivesAsked > 1, 'the page has looked at the directives twice')
  await page.close()
}

describe('nothing is reported', () => {
  it.each([
    [
      'with Global Privacy Control',
      `Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })`,
      '{}',
    ],
    ['with Do Not Track', `Object.defineProperty(navigator, 'doNotTrack', { value: '1' })`, '{}'],
    ['without consent', '', '{ consent: () => Promise.resolve(false) }'],
  ])('%s', async (_name, script, options) => {
    await context.addInitScript(script)
    const { page } = await openPage(context, edge, options)
    await live(page)
    expect(edge.posts).toEqual([])
  })

  it('by a session that is not in the sample', async () => {
    edge.directives = { ...CALM, sampling: 0 }
    const { page } = await openPage(context, edge)
    await live(page)
    expect(edge.posts).toEqual([])
  })

  it('by an SDK that the directives have turned off', async () => {
    edge.directives = { ...CALM, sdk: false }
    const { page } = await openPage(context, edge)
    await live(page)
    expect(edge.posts).toEqual([])
  })
})
