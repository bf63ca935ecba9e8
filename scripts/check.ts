import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compile, run } from './local/build.ts'
import { checkSdkSize } from './local/sdk-size.ts'
import { checkWorkerSize } from './local/worker-size.ts'

const HELP = `npm run check

Everything that a change must pass before its tests: types, format, lint with the import rules, unit tests,
unused code, package lint, and sizes.`

const root = fileURLToPath(new URL('..', import.meta.url))
const packages = readdirSync(join(root, 'packages'))

const STEPS: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['types', () => compile(root)],
  ['format', () => run('oxfmt', ['--check', '.'], root)],
  ['lint', () => run('oxlint', ['--type-aware', '--deny-warnings'], root)],
  ['unit tests', () => run('vitest', ['run', '--project', 'unit'], root)],
  ['unused code', () => run('knip', [], root)],
  [
    'packages',
    async () => {
      for (const name of packages) await run('publint', ['--strict'], join(root, 'packages', name))
    },
  ],
  ['sdk size', () => checkSdkSize(root)],
  ['worker size', () => checkWorkerSize(root)],
]

if (process.argv.includes('--help') || process.argv.includes('-h')) {
  console.log(HELP)
  process.exit(0)
}
for (const [name, step] of STEPS) {
  const startedAt = performance.now()
  try {
    const said = await step()
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(5)
    console.log(`  ✓ ${name.padEnd(12)} ${seconds} s${typeof said === 'string' ? `   ${said}` : ''}`)
  } catch (error) {
    console.error(`  ✗ ${name}\n\n${error instanceof Error ? error.message : String(error)}`)
    process.exit(1)
  }
}
