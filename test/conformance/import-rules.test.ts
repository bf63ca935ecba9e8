import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'

/** The import rules are the architecture: each is proven by a violation planted in an empty copy of the tree. */
const root = fileURLToPath(new URL('../..', import.meta.url))
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'paceline-import-rules-'))
  copyFileSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function lint(file: string, source: string): string {
  const path = join(folder, file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, source)
  const run = spawnSync(join(root, 'node_modules/.bin/oxlint'), ['--format', 'unix', file], {
    cwd: folder,
    encoding: 'utf8',
  })
  rmSync(path)
  return run.stdout
}

it.each([
  [
    'core imports a framework',
    'packages/core/src/planted.ts',
    `export { Hono } from 'hono'`,
    'no-restricted-imports',
  ],
  [
    'core imports Node',
    'packages/core/src/planted.ts',
    `export { readFile } from 'node:fs'`,
    'no-restricted-imports',
  ],
  [
    'core imports the platform',
    'packages/core/src/planted.ts',
    `export { env } from 'cloudflare:workers'`,
    'no-restricted-imports',
  ],
  [
    'core imports another package',
    'packages/core/src/planted.ts',
    `export { createWorker } from '@paceline/edge'`,
    'no-restricted-imports',
  ],
  [
    'core reads the clock',
    'packages/core/src/planted.ts',
    'export const now = Date.now()',
    'no-restricted-globals',
  ],
  [
    'core draws lots',
    'packages/core/src/planted.ts',
    'export const lot = Math.random()',
    'no-restricted-properties',
  ],
  [
    'core fetches',
    'packages/core/src/planted.ts',
    `export const answer = fetch('/')`,
    'no-restricted-globals',
  ],
  [
    'core sets a timer',
    'packages/core/src/planted.ts',
    'setTimeout(() => undefined, 1)',
    'no-restricted-globals',
  ],
  [
    'routing imports the configuration',
    'packages/core/src/routing/planted.ts',
    `export { parseConfig } from '../config/define-config.ts'`,
    'no-restricted-imports',
  ],
  [
    'edge imports a sibling package',
    'packages/edge/src/planted.ts',
    `export { startMockProvider } from '@paceline/mock-provider'`,
    'no-restricted-imports',
  ],
  [
    'edge imports Node',
    'packages/edge/src/planted.ts',
    `export { readFile } from 'node:fs'`,
    'no-restricted-imports',
  ],
  [
    'the gateway imports Hono',
    'packages/edge/src/gateway/planted.ts',
    `export { Hono } from 'hono'`,
    'no-restricted-imports',
  ],
  [
    'the gateway imports the platform',
    'packages/edge/src/gateway/planted.ts',
    `export { env } from 'cloudflare:workers'`,
    'no-restricted-imports',
  ],
  [
    'a test reaches into a package',
    'test/planted.ts',
    `export { rank } from '../packages/core/src/routing/rank.ts'`,
    'no-restricted-imports',
  ],
  [
    'a benchmark reaches into a package',
    'bench/planted.ts',
    `export { rank } from '@paceline/core/dist/index.js'`,
    'no-restricted-imports',
  ],
])('the linter refuses it when %s', (_name, file, source, rule) => {
  expect(lint(file, source)).toContain(rule)
})

it('lets core import valibot and its own files', () => {
  writeFileSync(join(folder, 'neighbour.ts'), 'export const neighbour = 1')
  const source = `import * as v from 'valibot'\nexport { neighbour } from './neighbour.ts'\nexport const name = v.string()`
  expect(lint('packages/core/src/planted.ts', source)).toBe('')
})
