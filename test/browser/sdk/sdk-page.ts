import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { EdgeStandIn } from './edge-stand-in.ts'

/** Fast, so that no test has to wait. */
const TIMING = {
  flushMs: 20,
  holdMs: 150,
  backOffMs: 40,
  pollMs: 80,
  pollInIncidentMs: 60,
  resolvedMs: 200,
}

export interface SdkPage {
  readonly page: Page
  /** What went wrong on the page and should not have. */
  readonly troubles: string[]
}

/** Opens a page of the stand-in and starts the SDK in it. Options are JavaScript source, since they hold functions. */
export async function openPage(
  browser: Browser | BrowserContext,
  edge: EdgeStandIn,
  options = '{}',
): Promise<SdkPage> {
  return await openIn(await browser.newPage(), edge, options)
}

/** The same in a tab that is there already, which takes a fraction of the time. */
export async function openIn(page: Page, edge: EdgeStandIn, options = '{}'): Promise<SdkPage> {
  const troubles: string[] = []
  page.removeAllListeners('pageerror')
  page.on('pageerror', (error) => troubles.push(error.message))
  await page.goto(`${edge.url}/plain.html`)
  await startSdk(page, edge, options)
  return { page, troubles }
}

export async function startSdk(page: Page, edge: EdgeStandIn, options = '{}'): Promise<void> {
  await page.evaluate(
    `window.sdk = paceline.start({ edge: '${edge.url}', key: 'pk_test', route: 'chat', timing: ${JSON.stringify(TIMING)}, ...(${options}) }), undefined`,
  )
}

/** Waits until the other side has seen something. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}.`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
