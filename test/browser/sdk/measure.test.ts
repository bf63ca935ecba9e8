import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startBrowser } from '../../support/browser.ts'
import { CALM, startEdge, type EdgeStandIn } from './edge-stand-in.ts'
import { openIn, until, type SdkPage } from './sdk-page.ts'

let browser: Browser
/** One for all tests, which are told apart by their origins. */
let page: Page
let edge: EdgeStandIn
let sdk: SdkPage

beforeAll(async () => {
  browser = await startBrowser()
  page = await browser.newPage()
})
afterAll(() => browser.close())
beforeEach(async () => {
  edge = await startEdge()
  sdk = await openIn(page, edge)
  await page.evaluate(HARNESS)
})
afterEach(async () => {
  await edge.close()
  if (sdk.troubles.length > 0) throw new Error(`The page had trouble: ${sdk.troubles.join('; ')}`)
})

/**
 * The truth comes from the page itself: it watches the same text with element timing of its own, on an element that it
 * marks from the start, and by the frames around the moment at which it put the text in.
 */
const HARNESS = `
  window.truth = {}
  new PerformanceObserver((list) => {
    for (const { identifier, renderTime } of list.getEntries()) truth[identifier] ??= renderTime
  }).observe({ type: 'element', buffered: true })
  window.addEventListener('submit', (event) => event.preventDefault())
  document.addEventListener('keydown', (event) => { window.inputAt ??= event.timeStamp }, true)
  window.after = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  window.frame = () => new Promise(requestAnimationFrame)
  window.mark = () => {
    window.domAt = performance.now()
    requestAnimationFrame((at) => { window.frameAt = at; requestAnimationFrame((next) => { window.nextFrameAt = next }) })
  }
  window.region = () => {
    const region = document.createElement('div')
    region.setAttribute('data-ai-answer', '')
    document.querySelector('#chat').append(region)
    return region
  }
  window.paragraph = (text = '') => {
    const p = document.createElement('p')
    p.textContent = text
    return p
  }
`

/** Asks by keyboard; the page answers as the given source says. */
async function ask(answer: string): Promise<void> {
  await page.evaluate(
    `document.querySelector('#form').addEventListener('submit', async () => { ${answer} }, { once: true }), undefined`,
  )
  await page.focus('#question')
  await page.keyboard.press('Enter')
}

async function shownEvent() {
  await until(() => edge.events('ai.turn.shown').length > 0, 'a turn was shown')
  expect(edge.events('ai.turn.shown')).toHaveLength(1)
  const [event] = edge.events('ai.turn.shown')
  if (event === undefined) throw new Error('No turn was shown.')
  return event.data
}

/** Three frames. */
const PRESENTATION_MS = 50

const RENDERERS: readonly (readonly [string, string])[] = [
  ['puts text in directly', `const r = region(); await after(60); mark(); r.append(paragraph('Hello'))`],
  [
    'collects in animation frames',
    `const r = region(); await after(60); await frame(); mark(); r.append(paragraph('Hello'))`,
  ],
  [
    'throttles what it shows',
    `const r = region(); const p = paragraph(); r.append(p); let text = ''; for (let i = 0; i < 5; i++) { await after(20); text += 'word ' } mark(); p.textContent = text`,
  ],
  [
    'grows one text node',
    `const r = region(); const p = paragraph(); r.append(p); const t = document.createTextNode(''); p.append(t); await after(50); mark(); t.appendData('He'); await after(5); t.appendData('llo')`,
  ],
  [
    'replaces its text node with every token',
    `const r = region(); const p = paragraph(); r.append(p); await after(50); mark(); p.textContent = 'He'; for (const more of ['Hel', 'Hello', 'Hello you']) { await after(4); p.textContent = more }`,
  ],
  [
    'blocks the main thread right after',
    `const r = region(); await after(50); mark(); r.append(paragraph('Hello')); const end = performance.now() + 120; while (performance.now() < end);`,
  ],
  [
    'mounts the region with its first text',
    `await after(60); const r = document.createElement('section'); r.dataset.aiAnswer = ''; r.append(paragraph('Hello')); mark(); document.querySelector('#chat').append(r)`,
  ],
]

describe('the time to first visible token', () => {
  it.each(RENDERERS)('is that of the presented frame where the page %s', async (_name, answer) => {
    await ask(answer)
    const shown = await shownEvent()
    const { inputAt, domAt, frameAt, nextFrameAt } = await page.evaluate<
      Record<'inputAt' | 'domAt' | 'frameAt' | 'nextFrameAt', number>
    >('({ inputAt, domAt, frameAt, nextFrameAt })')
    const shownAt = inputAt + shown.ttfvtMs
    expect(shown).toMatchObject({ class: 'visible', method: 'element-timing', route: 'chat' })
    expect(shownAt).toBeGreaterThanOrEqual(domAt - shown.errorMs)
    // A frame is presented soon after the next one has begun; how soon depends on the machine's load.
    expect(shownAt).toBeLessThanOrEqual(Math.max(frameAt, nextFrameAt) + PRESENTATION_MS + shown.errorMs)
  })

  it('agrees with element timing that the page does itself', async () => {
    await ask(
      `const r = region(); await after(40); const p = paragraph('Hello'); p.setAttribute('elementtiming', 'own'); r.append(p)`,
    )
    const shown = await shownEvent()
    const [own, inputAt] = await page.evaluate<[number, number]>('[truth.own, inputAt]')
    expect(Math.abs(inputAt + shown.ttfvtMs - own)).toBeLessThanOrEqual(shown.errorMs)
  })

  it('waits for a node that stays when nodes are mounted anew before each paint', async () => {
    await ask(`
      const r = region(); await after(40); mark()
      r.append(paragraph('Hello'))
      await null
      r.replaceChildren(paragraph('Hello'))
    `)
    const shown = await shownEvent()
    expect(shown.class).toBe('visible')
    const [inputAt, domAt] = await page.evaluate<[number, number]>('[inputAt, domAt]')
    expect(inputAt + shown.ttfvtMs).toBeGreaterThan(domAt - shown.errorMs)
  })

  it('does not count what stood there, what assistive technology skips, or what paints nothing', async () => {
    await page.evaluate(`window.r = region(); r.append(paragraph('An older answer.')), undefined`)
    await ask(`
      const turn = sdk.turn({ region: r })
      const dots = paragraph('…'); dots.setAttribute('aria-hidden', 'true')
      const spinner = paragraph('Loading'); spinner.setAttribute('role', 'status')
      r.append(dots, spinner, paragraph(' \\u200b\\n'))
      await after(80)
      r.replaceChildren(paragraph('An older answer.'))
      await after(80); mark()
      r.append(paragraph('New'))
    `)
    const shown = await shownEvent()
    const [inputAt, domAt] = await page.evaluate<[number, number]>('[inputAt, domAt]')
    expect(inputAt + shown.ttfvtMs).toBeGreaterThan(domAt - shown.errorMs)
    expect(shown.class).toBe('visible')
  })

  it('is the time until the answer was scrolled into view, where it began below the fold', async () => {
    await page.evaluate(`document.querySelector('#chat').before(tall); tall.style.height = '3000px'`)
    await ask(
      `const r = region(); r.append(paragraph('Far down')); await after(400); mark(); r.scrollIntoView()`,
    )
    const shown = await shownEvent()
    const [inputAt, domAt] = await page.evaluate<[number, number]>('[inputAt, domAt]')
    expect(inputAt + shown.ttfvtMs).toBeGreaterThan(domAt - shown.errorMs)
  })

  it('keeps reasoning apart', async () => {
    await ask(`
      const r = region(); await after(30)
      const thought = paragraph('Let me think'); thought.dataset.aiReasoning = ''
      r.append(thought); await after(150); mark(); r.append(paragraph('Paris'))
    `)
    const shown = await shownEvent()
    expect(shown.firstProgressMs).toBeGreaterThan(25)
    expect(shown.ttfvtMs - (shown.firstProgressMs ?? 0)).toBeGreaterThan(100)
  })

  it('works inside a shadow root that the page opens the turn for', async () => {
    await ask(`
      const host = document.createElement('div'); document.querySelector('#chat').append(host)
      const r = document.createElement('div'); host.attachShadow({ mode: 'open' }).append(r)
      sdk.turn({ region: r }); await after(40); mark(); r.append(paragraph('Inside'))
    `)
    const shown = await shownEvent()
    const [inputAt, domAt, nextFrameAt] = await page.evaluate<[number, number, number]>(
      '[inputAt, domAt, nextFrameAt]',
    )
    expect(inputAt + shown.ttfvtMs).toBeGreaterThan(domAt - shown.errorMs)
    expect(inputAt + shown.ttfvtMs).toBeLessThan(nextFrameAt + PRESENTATION_MS + shown.errorMs)
  })

  it('is called ready-while-hidden when the text came while nobody could see it', async () => {
    await page.evaluate(HIDE)
    await ask(
      `const r = region(); hide(true); await after(60); r.append(paragraph('Hello')); await after(60); hide(false)`,
    )
    expect((await shownEvent()).class).toBe('ready-while-hidden')
  })

  it('is called was-hidden when the page was out of sight on the way', async () => {
    await page.evaluate(HIDE)
    await ask(`const r = region(); hide(true); await after(60); hide(false); r.append(paragraph('Hello'))`)
    expect((await shownEvent()).class).toBe('was-hidden')
  })

  it('is not guessed where two regions compete', async () => {
    await ask(
      `const a = region(); const b = region(); await after(40); a.append(paragraph('One')); b.append(paragraph('Two'))`,
    )
    await until(() => edge.events('ai.turn.lost').length > 0, 'the loss was told')
    expect(edge.events('ai.turn.lost').map(({ data }) => data.reason)).toEqual(['ambiguous'])
    expect(edge.events('ai.turn.shown')).toEqual([])
  })

  it('counts only what the last attempt showed', async () => {
    await ask(`
      const r = region(); let turn = sdk.turn({ region: r })
      await after(30); r.append(paragraph('Half an')); await turn.shown
      r.replaceChildren(); turn = turn.retry(); await after(200); mark(); r.append(paragraph('A whole answer'))
    `)
    const shown = await shownEvent()
    const [inputAt, domAt] = await page.evaluate<[number, number]>('[inputAt, domAt]')
    expect(inputAt + shown.ttfvtMs).toBeGreaterThan(domAt - shown.errorMs)
  })

  it('is made of parts that sum up, and names the call that its response proves', async () => {
    await ask(`
      const r = region(); const turn = sdk.turn({ region: r })
      const response = (await import('/npm.js')).watchAnswer(turn, await fetch('/answer?proof=call-1.receipt-1.1-1'))
      const text = await response.text(); r.append(paragraph(text))
    `)
    const { parts, ttfvtMs, proof } = await shownEvent()
    expect(proof).toBe('call-1.receipt-1')
    const values = Object.values(parts)
    expect(values).not.toContain(null)
    expect(values.reduce<number>((sum, part) => sum + (part ?? 0), 0)).toBeCloseTo(ttfvtMs, 5)
  })

  it('finds the call in resource timing where the page hands nothing over', async () => {
    await ask(
      `const r = region(); const text = await (await fetch('/answer?proof=call-2.receipt-2.1-1')).text(); r.append(paragraph(text))`,
    )
    const { proof, parts } = await shownEvent()
    expect(proof).toBe('call-2.receipt-2')
    expect(parts.inputToRequestMs).not.toBeNull()
    expect(parts.requestToHeadersMs).not.toBeNull()
  })

  it('learns of newer directives from the answers that it sees', async () => {
    await until(() => edge.directivesAsked > 0, 'directives were asked for')
    await page.evaluate(
      `sdk.stop(); window.sdk = paceline.start({ edge: '${edge.url}', key: 'pk_test' }), undefined`,
    )
    await until(() => edge.directivesAsked > 1, 'they were asked for at the start')
    const before = edge.directivesAsked
    edge.directives = { ...CALM, version: 9 }
    await page.evaluate(`fetch('/answer?proof=call-3.receipt-3.1-9').then((answer) => answer.text())`)
    await until(() => edge.directivesAsked > before, 'the newer ones were asked for')
    expect(edge.directivesAsked).toBe(before + 1)
  })

  it('is told as lost when the connection breaks before the first token', async () => {
    await ask(`
      const r = region(); const turn = sdk.turn({ region: r })
      const body = new ReadableStream({ pull: (controller) => controller.error(new Error('cut')) }, { highWaterMark: 0 })
      await (await import('/npm.js')).watchAnswer(turn, new Response(body)).text().catch(() => undefined)
    `)
    await until(() => edge.events('ai.turn.lost').length > 0, 'the loss was told')
    expect(edge.events('ai.turn.lost')[0]?.data.reason).toBe('transport-lost')
  })

  it('is told as abandoned when the page is left before the first token', async () => {
    await ask(`region(); await after(30); window.ready = true`)
    await page.waitForFunction('window.ready')
    await page.goto('about:blank')
    await until(() => edge.events('ai.turn.lost').length > 0, 'the loss was told')
    expect(edge.events('ai.turn.lost')[0]?.data.reason).toBe('abandoned')
  })

  it('is one figure where the page marks its region, opens the turn, and says itself when it began', async () => {
    await ask(`
      const r = region(); await after(10)
      sdk.turn({ region: r, startedAt: inputAt + 3 })
      await after(30); r.append(paragraph('Hello'))
    `)
    await shownEvent()
    expect(edge.events('ai.turn.lost')).toEqual([])
  })

  it('is told as lost for a question that a newer one in the same place overtakes', async () => {
    await ask(`
      const r = region(); sdk.turn({ region: r }); await after(30)
      sdk.turn({ region: r }); await after(30); r.append(paragraph('Hello'))
    `)
    await shownEvent()
    expect(edge.events('ai.turn.lost').map(({ data }) => data.reason)).toEqual(['abandoned'])
  })

  it('is not begun by a click while another answer streams', async () => {
    await ask(
      `const r = region(); const p = paragraph('A'); r.append(p); window.grow = () => { p.firstChild.appendData(' b') }`,
    )
    await shownEvent()
    await page.evaluate(
      `const button = document.createElement('button'); button.id = 'copy'; document.body.append(button)`,
    )
    await page.evaluate(
      `document.querySelector('#copy').click(); grow(); frame().then(grow).then(frame).then(grow).then(frame)`,
    )
    await page.evaluate('after(200)')
    expect(edge.posts.flatMap(({ events }) => events)).toHaveLength(1)
  })
})

/** The page's visibility on command: Chromium without a window has no tab to switch to. */
const HIDE = `
  window.hide = (hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden })
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => hidden ? 'hidden' : 'visible' })
    document.dispatchEvent(new Event('visibilitychange'))
  }
`
