import type { Browser } from 'playwright-core'
import { launchChromium } from '../../scripts/local/chromium.ts'

/** The Chromium that `npm test` found or installed. */
export function startBrowser(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM_PATH']
  if (executablePath === undefined)
    throw new Error('CHROMIUM_PATH is not set: run the browser tests by `npm test`.')
  return launchChromium(executablePath)
}
