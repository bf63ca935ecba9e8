import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startHouse } from './drill/house.ts'
import type { IncidentTimes } from './drill/incident.ts'
import { onSignal } from './drill/on-signal.ts'
import { HELP, readOptions, type Options } from './drill/options.ts'
import { printPolicy, printResult, printStep, resultOf, type Result } from './drill/print.ts'
import { runIncidents } from './drill/run-incidents.ts'
import { runWithout } from './drill/run-without.ts'
import { runWithPage } from './drill/run-with-page.ts'
import { StepMissing } from './drill/until.ts'
import { checkConfig, compile, run } from './local/build.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

function optionsOrExit(): Options {
  try {
    const options = readOptions(process.argv.slice(2))
    if (options !== 'help') return options
  } catch (error) {
    console.error(`${HELP}\n\n${error instanceof Error ? error.message : String(error)}`)
    process.exit(2)
  }
  console.log(HELP)
  process.exit(0)
}

async function build(): Promise<void> {
  await run('tsc', ['-b', 'packages/core'], root)
  await checkConfig(root)
  await compile(root)
  await run('vite', ['build', '--logLevel', 'error'], join(root, 'examples', 'chat'))
}

/** Runs what the options ask for; a step that is missing is a result, not an error. */
async function play(options: Options): Promise<Result> {
  const times: IncidentTimes[] = []
  const quiet = options.json
  try {
    if (options.without !== null) {
      const steps = await runWithout(options.without, options, quiet ? () => undefined : printStep)
      return { ...resultOf([], null), steps: steps.map(({ name, atMs }) => ({ name, atMs })) }
    }
    if (options.incidents === 1) times.push(await runWithPage(options, quiet ? () => undefined : printStep))
    else await playMany(options, times)
    return resultOf(times, null)
  } catch (error) {
    if (!(error instanceof StepMissing)) throw error
    return resultOf(times, { step: error.step, why: error.message })
  }
}

async function playMany(options: Options, times: IncidentTimes[]): Promise<void> {
  const house = await startHouse(options)
  const letGo = onSignal(() => house.close())
  try {
    await runIncidents(house, options, (one) => {
      times.push(one)
      if (!options.json) progress(times.length, options.incidents)
    })
  } finally {
    letGo()
    await house.close()
  }
}

function progress(done: number, all: number): void {
  if (process.stdout.isTTY) process.stdout.write(`\r  ${done} of ${all} incidents are over.`)
  else if (done === all || done % 10 === 0) console.log(`  ${done} of ${all} incidents are over.`)
}

const options = optionsOrExit()
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
