import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const WITHIN_MS = 120_000

interface Result {
  readonly passed: boolean
  readonly incidents: number
  readonly missing: { readonly step: string; readonly why: string } | null
  readonly steps: readonly { readonly name: string; readonly atMs: number }[]
  readonly eventToDirectiveMs?: { readonly p50: number; readonly p95: number; readonly p99: number }
}

/** Runs `npm run drill` as a user does. */
async function drill(...args: string[]): Promise<{ code: number | null; output: string; errors: string }> {
  const child = spawn(process.execPath, ['scripts/drill.ts', ...args], { cwd: root })
  // Once it has ended this does nothing; a failed test must leave nothing running.
  onTestFinished(() => void child.kill('SIGKILL'))
  let [output, errors] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output, errors }
}

async function played(...args: string[]): Promise<Result> {
  const { code, output } = await drill('--json', ...args)
  const result = JSON.parse(output) as Result
  expect({ code, missing: result.missing }).toEqual({ code: 0, missing: null })
  return result
}

it(
  'goes from the fault in front of a real page to the learnt outcome',
  async () => {
    const { steps, passed } = await played()
    expect(passed).toBe(true)
    const at = (name: string): number => steps.find((step) => step.name === name)?.atMs ?? Number.NaN
    const inOrder = [
      ['fault', 'breach'],
      ['decision', 'directive'],
      ['directive', 'restored'],
      ['provider-well', 'return-began'],
      ['return-began', 'returned'],
    ] as const
    expect(inOrder.filter(([first, then]) => !(at(first) < at(then)))).toEqual([])
    const wanted = ['page-breach', 'notice', 'opened', 'verified', 'learnt', 'closed', 'page-restored']
    expect(wanted.filter((name) => !(at(name) > 0))).toEqual([])
  },
  WITHIN_MS,
)

it(
  'plays several incidents side by side and gives their figures',
  async () => {
    const { incidents, eventToDirectiveMs } = await played('--incidents', '4', '--seed', '7')
    expect(incidents).toBe(4)
    expect(eventToDirectiveMs?.p50).toBeTypeOf('number')
  },
  WITHIN_MS,
)

it.each(['fault', 'coordinator', 'channel', 'alternative', 'power'])(
  'says what happens without %s',
  async (missing) => {
    const { passed } = await played('--without', missing)
    expect(passed).toBe(true)
  },
  WITHIN_MS,
)

it(
  'ends with 1 and names the step that is missing',
  async () => {
    // Answers that begin later than the playbook calls well: it can't verify that anything is restored.
    const { code, output } = await drill(
      '--json',
      '--incidents',
      '2',
      '--first-token-ms',
      '390',
      '--slower',
      '4',
    )
    const result = JSON.parse(output) as Result
    expect({ code, passed: result.passed, step: result.missing?.step }).toEqual({
      code: 1,
      passed: false,
      step: 'healthy',
    })
  },
  WITHIN_MS,
)

it.each([
  [['--incidents', 'many'], "--incidents is 'many'"],
  [['--without', 'luck'], "--without is 'luck'"],
  [['--first-token-ms', '20'], 'less 10 %, is 180 ms'],
  [['--without', 'fault', '--incidents', '2'], 'can not be combined'],
])('refuses %j and says why', async (args, why) => {
  const { code, errors } = await drill(...args)
  expect(code).toBe(2)
  expect(errors).toContain(why)
})
