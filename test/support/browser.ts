import { chromium, type Browser } from 'playwright-core'

/** Quiet and offline: without these flags Chromium looks for hosts on the network at every start. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The Chromium that `npm test` found or installed. */
export function startBrowser(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM_PATH']
  if (executablePath === undefined)
    throw new Error('CHROMIUM_PATH is not set: run the browser tests by `npm test`.')
  return chromium.launch({ executablePath, headless: true, args: ARGS })
}
