import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compile, run } from './local/build.ts'
import { findChromium } from './local/chromium.ts'

const HELP = `npm test [-- OPTIONS] [FILES]

Builds everything and runs every test: pure logic, the Worker in workerd, faults over real sockets, a real browser.
FILES limit the run to paths that contain them; OPTIONS go to vitest (--project unit, -t NAME, …).

CHROMIUM_PATH names the browser to use; without it, an installed one is found, or Debian's package is installed.`

const root = fileURLToPath(new URL('..', import.meta.url))
const args = process.argv.slice(2)

if (args.includes('--help') || args.includes('-h')) {
  console.log(HELP)
  process.exit(0)
}
try {
  const chromium = findChromium()
  await compile(root)
  await run('vite', ['build', '--logLevel', 'error'], join(root, 'examples', 'chat'))
  const vitest = spawn(
    'vitest',
    ['run', '--reporter=default', `--reporter=${join(root, 'scripts/local/summary-reporter.ts')}`, ...args],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, CHROMIUM_PATH: chromium, PACELINE_BUILT: '1' },
    },
  )
  vitest.on('exit', (code) => process.exit(code ?? 1))
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
}
