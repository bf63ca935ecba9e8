import type { EventsAnswer } from '@paceline/core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startDemo, type RunningDemo } from '../../scripts/local/demo.ts'
import { startBrowser } from '../support/browser.ts'

const SECRETS = { appKey: 'test-app-key', browserKey: 'pk_test', opsToken: 'ops_test', secret: 'a secret' }

/** The house that `npm start` starts, on free ports, in front of a real browser. */
let demo: RunningDemo
let browser: Browser
let page: Page
const troubles: string[] = []

beforeAll(async () => {
  const ports = { chatPort: 0, gatewayPort: 0, mockPort: 0 }
  demo = await startDemo({ ...ports, secrets: SECRETS, environment: {} })
  browser = await startBrowser()
})
afterAll(async () => {
  await browser.close()
  await demo.close()
})
beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  page.on('pageerror', (error) => troubles.push(error.message))
  page.on('console', (message) => {
    // The browser's own note on an error status; what the page makes of it is tested below.
    const expected = message.text().startsWith('Failed to load resource')
    if (message.type() === 'error' && !expected) troubles.push(message.text())
  })
  page.on('request', (request) => {
    const isOwn = request.url().startsWith(demo.chatUrl)
    const isOfEdge = [`${demo.gatewayUrl}/directives`, `${demo.gatewayUrl}/events`].includes(request.url())
    if (!isOwn && !isOfEdge) troubles.push(`asked ${request.url()}`)
  })
  await page.goto(demo.chatUrl)
})
afterEach(async () => {
  for (const { id } of demo.mocks) await setCondition(id, 'fresh')
  await page.close()
  const seen = troubles.splice(0)
  if (seen.length > 0) throw new Error(`The page had trouble: ${seen.join('; ')}`)
})

const LEADER = 'mock-openai'

async function setCondition(provider: string, condition: string): Promise<void> {
  await page.click(`button[data-provider="${provider}"][data-condition="${condition}"]`)
  await page.waitForSelector(
    `button[data-provider="${provider}"][data-condition="${condition}"][aria-pressed="true"]`,
  )
}

/** Asks by typing, and waits until the page says how the answer ended. */
async function ask(
  question: string,
): Promise<{ state: string; provider: string; attempts: string; text: string }> {
  const before = await page.locator('[data-answer]').count()
  await page.fill('[data-question]', question)
  await page.keyboard.press('Enter')
  const answer = page.locator('[data-answer]').nth(before)
  // Earlier answers have ended, so this one is the next that has.
  await page.locator('[data-answer]:not([data-state="streaming"])').nth(before).waitFor({ state: 'attached' })
  const attribute = async (name: string): Promise<string> => (await answer.getAttribute(name)) ?? ''
  return {
    state: await attribute('data-state'),
    provider: await attribute('data-provider'),
    attempts: await attribute('data-attempts'),
    text: await answer.innerText(),
  }
}

describe('the chat', () => {
  it('shows a whole answer, who gave it, and a point on the plot', async () => {
    const answer = await ask('Why ride in a paceline?')
    expect(answer).toMatchObject({ state: 'complete', provider: LEADER, attempts: '1' })
    expect(answer.text).toContain('Alpe')
    expect(await page.getAttribute('[data-plot]', 'data-points')).toBe('1')
    expect(await page.getAttribute('svg[data-paceline]', 'data-leader')).toBe(LEADER)
  })

  it('reports what it measured, and the edge takes it as proven', async () => {
    const answered = page.waitForResponse(`${demo.gatewayUrl}/events`)
    await ask('Who is in front?')
    const { verdicts } = (await (await answered).json()) as EventsAnswer
    expect(verdicts).toEqual([expect.objectContaining({ verdict: 'accepted', evidence: 'counted' })])
  })

  it.each(['down', 'hanging', 'tired'])(
    'shows a whole answer by the next rider while the leader is %s',
    async (condition) => {
      await setCondition(LEADER, condition)
      const answer = await ask('What is drafting?')
      expect(answer).toMatchObject({ state: 'complete', provider: 'mock-anthropic', attempts: '2' })
      expect(await page.getAttribute('svg[data-paceline]', 'data-leader')).toBe('mock-anthropic')
    },
  )

  it('goes on with another rider when the leader is cut off', async () => {
    await setCondition(LEADER, 'cut')
    const answer = await ask('Who takes over in the middle of a word?')
    expect(answer.state).toBe('complete')
    expect(answer.text).not.toContain('incomplete')
  })

  it('says plainly that an answer is incomplete when every rider is cut off, and asks again', async () => {
    for (const { id } of demo.mocks) await setCondition(id, 'cut')
    const answer = await ask('How close is too close?')
    expect(answer.state).toBe('incomplete')
    expect(answer.text).toContain('The provider stopped mid-answer. What you see is all that came.')
    expect(answer.text.toLowerCase()).toContain('incomplete')
    expect(answer.text).not.toMatch(/[{}]|Error|undefined|stack/)
    for (const { id } of demo.mocks) await setCondition(id, 'fresh')
    await page.click('[data-ask-again]')
    await page.waitForSelector('[data-answer][data-state="complete"]')
  })

  it('tells the truth in plain words when every rider is down', async () => {
    for (const { id } of demo.mocks) await setCondition(id, 'down')
    const answer = await ask('Is anybody there?')
    expect(answer.state).toBe('error')
    expect(answer.text).not.toMatch(/[{}]|Error:|undefined|503/)
  })

  it('lets a provider ride along that answers without being on the list', async () => {
    const by = { provider: 'newcomer', attempts: 1 }
    const events = [
      { type: 'start', ...by },
      { type: 'text', text: 'Hello' },
      { type: 'end', answer: 'complete', ...by },
    ]
    const body = events.map((event) => `${JSON.stringify(event)}\n`).join('')
    await page.route('**/api/chat', (route) => route.fulfill({ contentType: 'application/x-ndjson', body }))
    await ask('Who are you?')
    expect(await page.getAttribute('svg[data-paceline]', 'data-leader')).toBe('newcomer')
    expect(await page.innerText('[data-card="newcomer"]')).toContain('real provider')
    expect(await page.innerText('[data-legend]')).toContain('newcomer')
    // The server's next list does not know it either.
    await setCondition(LEADER, 'tired')
    expect(await page.getAttribute('svg[data-paceline]', 'data-order')).toContain('newcomer')
  })

  it('says of a leader with a fault both that it leads and what it does', async () => {
    await ask('Who leads?')
    await setCondition(LEADER, 'cut')
    const words = await page.locator(`[data-rider="${LEADER}"] text`).allTextContents()
    expect(words.join(' ')).toMatch(/at the front, cuts its answers$/)
  })

  it('tells below the plot what became of the last question, and not of an older one', async () => {
    for (const { id } of demo.mocks) await setCondition(id, 'down')
    await page.click('[data-keep-riding]')
    await page.waitForSelector('[data-ride-line][data-asked="1"]')
    const line = await page.innerText('[data-ride-line]')
    await page.click('[data-keep-riding]')
    expect(line).toMatch(/Keep riding: 1 asked, 0 whole\s+No provider could answer just now\./)
  })

  it.each([
    [390, 844],
    [320, 640],
  ])(
    'cuts nothing off on a screen of %i × %i, and has Keep riding on its first page',
    async (width, height) => {
      await page.setViewportSize({ width, height })
      for (const { id } of demo.mocks) {
        const name = await boxOf(`[data-card="${id}"] h2 span`)
        const choice = await boxOf(`[data-card="${id}"] [role="group"]`)
        const lastButton = await boxOf(`[data-card="${id}"] [data-condition="down"]`)
        expect(name.right <= choice.left || name.bottom <= choice.top).toBe(true)
        expect(lastButton.right).toBeLessThanOrEqual(choice.right)
        expect(choice.right).toBeLessThanOrEqual(width)
      }
      expect((await boxOf('[data-keep-riding]')).bottom).toBeLessThan(height)
    },
  )
})

interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

async function boxOf(selector: string): Promise<Box> {
  const box = await page.locator(selector).first().boundingBox()
  if (box === null) throw new Error(`${selector} is not shown.`)
  return { left: box.x, right: box.x + box.width, top: box.y, bottom: box.y + box.height }
}
