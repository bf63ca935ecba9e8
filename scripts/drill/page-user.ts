import type { Browser, Page } from 'playwright-core'
import { findChromium, launchChromium } from '../local/chromium.ts'
import { clock, pause, until } from './until.ts'

/** What the page told the edge, and what became of it. */
export interface TurnReport {
  /** When the edge's verdict was back. */
  readonly at: number
  readonly ttfvtMs: number
  readonly method: string
  readonly evidence: string | undefined
}

const ANSWER_MS = 15_000
const NOTICE_MS = 10_000

interface SentEvent {
  readonly type: string
  readonly data: { readonly ttfvtMs?: number; readonly method?: string }
}

/** A person in front of a real browser, who asks one question after the other, types it, and reads the answer. */
export class PageUser {
  readonly turns: TurnReport[] = []
  readonly #browser: Browser
  readonly #page: Page
  #asking: Promise<void> = Promise.resolve()
  #stopped = false

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser
    this.#page = page
    page.on('response', (response) => {
      if (response.url().endsWith('/events') && response.request().method() === 'POST')
        void this.#note(response.request().postData() ?? '{}', () => response.json())
    })
  }

  static async open(url: string): Promise<PageUser> {
    const browser = await launchChromium(findChromium())
    const page = await browser.newPage({ viewport: { width: 1_280, height: 800 } })
    const user = new PageUser(browser, page)
    await page.goto(url)
    return user
  }

  start(): void {
    this.#asking = this.#askOn()
  }

  /** The words of the notice that the page shows, waiting for it where it isn't there yet. */
  async notice(): Promise<string> {
    return until(
      'notice',
      async () => {
        const words = await this.#page.locator('paceline-notice [role="status"]').allInnerTexts()
        return words
          .find((text) => text.trim() !== '')
          ?.trim()
          .replaceAll(/\s+/gu, ' ')
      },
      NOTICE_MS,
      () => 'the page shows no notice',
    )
  }

  async close(): Promise<void> {
    this.#stopped = true
    // A page that is gone asks nothing more.
    await this.#asking.catch(() => undefined)
    await this.#browser.close()
  }

  async #askOn(): Promise<void> {
    const answers = this.#page.locator('[data-answer]:not([data-state="streaming"])')
    for (let asked = 0; !this.#stopped; asked += 1) {
      await this.#page.fill('[data-question]', 'Who leads?')
      await this.#page.keyboard.press('Enter')
      await answers.nth(asked).waitFor({ state: 'attached', timeout: ANSWER_MS })
      await pause(100)
    }
  }

  async #note(sent: string, readAnswer: () => Promise<unknown>): Promise<void> {
    const at = clock()
    const { events = [] } = JSON.parse(sent) as { events?: SentEvent[] }
    const answer = await readAnswer().catch(() => null)
    const { verdicts = [] } = (answer ?? {}) as { verdicts?: { evidence?: string }[] }
    for (const [index, { type, data }] of events.entries()) {
      if (type !== 'ai.turn.shown') continue
      this.turns.push({
        at,
        ttfvtMs: data.ttfvtMs ?? Number.NaN,
        method: data.method ?? '',
        evidence: verdicts[index]?.evidence,
      })
    }
  }
}
