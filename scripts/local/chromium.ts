import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const ELSEWHERE = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/**
 * A Chromium to test with: the one that CHROMIUM_PATH names, one that is installed, or Debian's package where this
 * user may install it. Throws otherwise, since a browser test that is skipped in silence proves nothing.
 */
export function findChromium(): string {
  const named = process.env['CHROMIUM_PATH']
  if (named !== undefined && named !== '') {
    if (isExecutable(named)) return named
    throw new Error(
      `CHROMIUM_PATH is '${named}', which is no program. Set it to the path of a Chromium or Chrome.`,
    )
  }
  const installed = installedChromium() ?? installDebianPackage()
  if (installed !== null) return installed
  throw new Error(
    'The browser tests need Chromium, and none was found. Install Chromium or Chrome, or set CHROMIUM_PATH to one.',
  )
}

const installedChromium = (): string | null =>
  [...folders().flatMap((folder) => NAMES.map((name) => join(folder, name))), ...ELSEWHERE].find(
    isExecutable,
  ) ?? null

const folders = (): string[] => (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function installDebianPackage(): string | null {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return null
  console.log('Installing Chromium for the browser tests (once) …')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const command of ['update', 'install --no-install-recommends chromium']) {
    spawnSync('apt-get', ['-y', '-qq', ...command.split(' ')], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env,
    })
  }
  return installedChromium()
}

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

export const launchChromium = (executablePath: string): Promise<Browser> =>
  chromium.launch({
    executablePath,
    headless: true,
    args: ARGS,
    // Whoever launches it closes it, and more than it, on a signal.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  })
