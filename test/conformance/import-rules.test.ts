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

interface Verdict {
  /** 0 when nothing was found; a linter that breaks is no proof of anything. */
  readonly status: number | null
  readonly findings: string
}

function lint(file: string, source: string): Verdict {
  const path = join(folder, file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, source)
  const run = spawnSync(join(root, 'node_modules/.bin/oxlint'), ['--format', 'unix', file], {
    cwd: folder,
    encoding: 'utf8',
  })
  rmSync(path)
  return { status: run.status, findings: run.stdout }
}

type Violation = readonly [name: string, file: string, source: string, rule: string]

const violations: readonly Violation[] = [
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
    'routing imports the response',
    'packages/core/src/routing/planted.ts',
    `export { respond } from '../response/pipeline.ts'`,
    'no-restricted-imports',
  ],
  [
    'admission imports the configuration',
    'packages/core/src/admission/planted.ts',
    `export { parseConfig } from '../config/define-config.ts'`,
    'no-restricted-imports',
  ],
  [
    'admission imports the response',
    'packages/core/src/admission/planted.ts',
    `export { respond } from '../response/pipeline.ts'`,
    'no-restricted-imports',
  ],
  ...(
    [
      ['detect/planted.ts', '../decide.ts'],
      ['signal.ts', './analyze.ts'],
      ['analyze.ts', './decide.ts'],
      ['decide.ts', './act.ts'],
      ['act.ts', './step.ts'],
      ['oversee/planted.ts', '../step.ts'],
      ['step.ts', './playbooks/planted.ts'],
      ['playbooks/planted.ts', '../pipeline.ts'],
    ] as const
  ).map(
    ([file, later]) =>
      [
        `the stage ${file} imports ${later}`,
        `packages/core/src/response/${file}`,
        `export { later } from '${later}'`,
        'no-restricted-imports',
      ] satisfies Violation,
  ),
  ...['edge', 'server-middleware', 'mock-provider'].map(
    (sibling) =>
      [
        `the browser SDK imports ${sibling}`,
        'packages/browser-sdk/src/planted.ts',
        `export * from '@paceline/${sibling}'`,
        'no-restricted-imports',
      ] satisfies Violation,
  ),
  [
    'the browser SDK imports Node',
    'packages/browser-sdk/src/planted.ts',
    `export { readFile } from 'node:fs'`,
    'no-restricted-imports',
  ],
  [
    'the middleware imports a sibling package',
    'packages/server-middleware/src/planted.ts',
    `export { createWorker } from '@paceline/edge'`,
    'no-restricted-imports',
  ],
  [
    'an adapter imports a sibling package',
    'packages/server-middleware/src/adapter/planted.ts',
    `export { createWorker } from '@paceline/edge'`,
    'no-restricted-imports',
  ],
  [
    'the middleware imports a framework outside its adapters',
    'packages/server-middleware/src/planted.ts',
    `export { default } from 'express'`,
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
    'edge imports Hono outside app.ts',
    'packages/edge/src/planted.ts',
    `export { Hono } from 'hono'`,
    'no-restricted-imports',
  ],
  [
    'app.ts imports the platform',
    'packages/edge/src/app.ts',
    `export { env } from 'cloudflare:workers'`,
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
]

it.each(violations)('the linter refuses it when %s', (_name, file, source, rule) => {
  const { status, findings } = lint(file, source)
  expect(findings).toContain(rule)
  expect(status).toBe(1)
})

it('lets core import valibot and its own files', () => {
  mkdirSync(join(folder, 'packages/core/src'), { recursive: true })
  writeFileSync(join(folder, 'packages/core/src/neighbour.ts'), 'export const neighbour = 1')
  const source = `import * as v from 'valibot'\nexport { neighbour } from './neighbour.ts'\nexport const name = v.string()`
  expect(lint('packages/core/src/planted.ts', source)).toEqual({ status: 0, findings: '' })
})

it('lets app.ts import Hono', () => {
  const source = `export { Hono } from 'hono'`
  expect(lint('packages/edge/src/app.ts', source)).toEqual({ status: 0, findings: '' })
})
