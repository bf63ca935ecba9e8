import { fileURLToPath } from 'node:url'
import { runAllFailing, type Storm } from './faults/all-failing.ts'
import { startHouse, type House } from './faults/house.ts'
import { HELP, readOptions, type Options } from './faults/options.ts'
import { runSchedules } from './faults/run-schedules.ts'
import { Tally, type Result } from './faults/tally.ts'
import { checkConfig, compile, run } from './local/build.ts'
import { onSignal } from './local/on-signal.ts'
import { optionsOrExit } from './local/options-or-exit.ts'
import { status } from './local/status.ts'
import { styled } from './local/style.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

async function build(): Promise<void> {
  if (process.env['PACELINE_BUILT'] === '1') return
  await run('tsc', ['-b', 'packages/core'], root)
  await checkConfig(root)
  await compile(root, ['packages/mock-provider', 'tsconfig.worker.json'])
}

async function playSchedules(options: Options, open: () => Promise<House>): Promise<Result> {
  const { seed, only, schedules } = options
  const numbers = only === null ? Array.from({ length: schedules }, (_, number) => number) : [only]
  const tally = new Tally(seed)
  await runSchedules({
    seed,
    numbers,
    open,
    onDone(outcome) {
      const failure = tally.add(outcome)
      const { schedules: done, failures } = tally.result
      status(
        options,
        `${done} of ${numbers.length} schedules, ${failures.length} with a fault of the gateway's.`,
      )
      if (failure === null || options.json) return
      status(options, '')
      console.log(`  ${styled.bold(failure.replay)}\n    ${failure.violations.join('\n    ')}`)
    },
  })
  status(options, '')
  return tally.result
}

function printResult({
  passed,
  schedules,
  calls,
  complete,
  incomplete,
  attempts,
  longestMs,
  tookS,
}: Result): void {
  console.log(`
  ${schedules} schedules with ${calls} calls in ${tookS} s: ${complete} answers were complete, ${incomplete} incomplete and said so.
  ${(attempts / calls).toFixed(2)} attempts for each call; the longest took ${(longestMs / 1_000).toFixed(1)} s.

  ${styled.bold(passed ? 'Passed:' : 'Failed:')} ${passed ? 'no answer was cut off and called whole, none held what nobody said, none hung.' : 'the schedules above.'}
`)
}

function printStorms(storms: readonly Storm[]): void {
  console.log(
    `\n  From the tenth second on${' '.repeat(6)}requests   calls   free moves   probes   calls a request (before)`,
  )
  for (const {
    fault,
    requests,
    calls,
    freeMoves,
    probes,
    callsPerRequest,
    callsPerRequestBefore,
  } of storms) {
    const numbers = [requests, calls, freeMoves, probes].map((number) => String(number).padStart(9)).join('')
    console.log(
      `  ${fault.padEnd(24)}${numbers}   ${callsPerRequest.toFixed(3)} (${callsPerRequestBefore.toFixed(3)})`,
    )
  }
  const passed = storms.every((one) => one.passed)
  console.log(
    `\n  ${styled.bold(passed ? 'Passed:' : 'Failed:')} calls that were no free move must be at most 1.1 times the requests.\n`,
  )
}

const options = optionsOrExit(HELP, () => readOptions(process.argv.slice(2)))
const houses = new Set<House>()
const open = async (): Promise<House> => {
  const house = await startHouse(options.seed)
  houses.add(house)
  return house
}
onSignal(async () => {
  await Promise.all([...houses].map((house) => house.close().catch(() => undefined)))
})
try {
  if (!options.json) console.log('Building …')
  await build()
  if (options.allFailing) {
    const house = await open()
    if (!options.json) console.log(`Every provider fails for ${options.forS} s …`)
    const storms = await runAllFailing(house, options)
    await house.close()
    const passed = storms.every((one) => one.passed)
    if (options.json) console.log(JSON.stringify({ passed, storms }))
    else printStorms(storms)
    process.exit(passed ? 0 : 1)
  }
  const result = await playSchedules(options, open)
  if (options.json) console.log(JSON.stringify(result))
  else printResult(result)
  process.exit(result.passed ? 0 : 1)
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
}
