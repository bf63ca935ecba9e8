import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startHouse } from './drill/house.ts'
import type { IncidentTimes } from './drill/incident.ts'
import { HELP, readOptions, type Options } from './drill/options.ts'
import { printPolicy, printResult, printTimeline, resultOf, type Result } from './drill/print.ts'
import { runIncidents } from './drill/run-incidents.ts'
import { runWithout } from './drill/run-without.ts'
import { runWithPage } from './drill/run-with-page.ts'
import { StepLog } from './drill/step-log.ts'
import { StepMissing } from './drill/until.ts'
import { checkConfig, compile, run } from './local/build.ts'
import { onSignal } from './local/on-signal.ts'
import { optionsOrExit } from './local/options-or-exit.ts'
import { status } from './local/status.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

async function build(): Promise<void> {
  // `npm test` has just done it, and other tests are reading what it made.
  if (process.env['PACELINE_BUILT'] === '1') return
  await run('tsc', ['-b', 'packages/core'], root)
  await checkConfig(root)
  await compile(root, ['examples/chat', 'packages/mock-provider', 'tsconfig.worker.json'])
  await run('vite', ['build', '--logLevel', 'error'], join(root, 'examples', 'chat'))
}

/** Runs what the options ask for; a step that is missing is a result, not an error. */
async function play(options: Options): Promise<Result> {
  const times: IncidentTimes[] = []
  const log = new StepLog(({ name }) => status(options, `${name} …`))
  let missing: Result['missing'] = null
  try {
    if (options.without !== null) await runWithout[options.without](options, log)
    else if (options.incidents === 1) times.push(await runWithPage(options, log))
    else await playMany(options, times)
  } catch (error) {
    if (!(error instanceof StepMissing)) throw error
    missing = { step: error.step, why: error.message }
  }
  const steps = options.incidents === 1 ? log.steps : (times[0]?.steps ?? [])
  status(options, '')
  if (!options.json && options.incidents === 1) printTimeline(steps)
  return resultOf(times, steps, missing)
}

async function playMany(options: Options, times: IncidentTimes[]): Promise<void> {
  const house = await startHouse(options)
  const letGo = onSignal(() => house.close())
  try {
    await runIncidents(house, options, (one) => {
      times.push(one)
      status(options, `${times.length} of ${options.incidents} incidents are over.`)
    })
  } finally {
    letGo()
    await house.close()
  }
}

const options = optionsOrExit(HELP, () => readOptions(process.argv.slice(2)))
try {
  if (!options.json) console.log('Building …')
  await build()
  if (!options.json) printPolicy(options)
  const result = await play(options)
  if (options.json) console.log(JSON.stringify(result))
  else printResult(result)
  process.exit(result.passed ? 0 : 1)
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
}
