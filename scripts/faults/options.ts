import { parseArgs } from 'node:util'

export const HELP = `npm run faults -- [OPTIONS]

Plays random faults against the gateway: two or three providers of mixed formats, one of them well, and users who ask in
both formats, streamed or not, alone or together. Each answer is judged by what the providers wrote down: whole, or
incomplete and saying so, and never anything that nobody said. Exits with 1 when one is not, and says how to play just
that schedule again.

  --schedules N        so many                                    (1,000; 10,000 take some five minutes)
  --seed N             the same seed, the same schedules          (1)
  --only N             just this one of them
  --all-failing        instead: every provider fails, and its calls are counted, which must not be many more than asked
  --for S              how long that lasts, in seconds            (30)
  --rate N             requests a second, then, for each fault    (10)
  --json               the result as JSON, and nothing else (with npm run --silent faults)
  -h, --help           this text`

export interface Options {
  readonly schedules: number
  readonly seed: number
  readonly only: number | null
  readonly allFailing: boolean
  readonly forS: number
  readonly ratePerS: number
  readonly json: boolean
}

/**
 * The options of the command line, or 'help'.
 *
 * @throws Error that says which option is wrong, and how
 */
export function readOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      schedules: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      'all-failing': { type: 'boolean', default: false },
      for: { type: 'string', default: '30' },
      rate: { type: 'string', default: '10' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  return {
    schedules: whole(values.schedules, '--schedules', 1, 1_000_000),
    seed: whole(values.seed, '--seed', 0, 2 ** 31),
    only: values.only === undefined ? null : whole(values.only, '--only', 0, 1_000_000),
    allFailing: values['all-failing'],
    forS: whole(values.for, '--for', 15, 120),
    ratePerS: whole(values.rate, '--rate', 1, 20),
    json: values.json,
  }
}

function whole(text: string, option: string, least: number, most: number): number {
  const number = Number(text)
  if (/^\d+$/u.test(text) && number >= least && number <= most) return number
  throw new Error(
    `${option} is '${text}': expected a whole number from ${least} to ${most.toLocaleString('en')}.`,
  )
}
