import { parseArgs } from 'node:util'
import { wholeNumber } from '../local/whole-number.ts'

export const HELP = `npm run drill [-- OPTIONS]

Plays whole incidents on this machine, headless, and says step by step what happened and when: healthy traffic, a
provider ten times slower, detection, directive, traffic moved, speed restored, traffic returned, outcome learnt.
Exits with 1 and names the step that is missing when one does not come.

  --incidents N        so many, side by side and without the browser  (1: with a real Chromium page)
  --without WHAT       what must happen when something is missing: fault, coordinator, channel,
                       alternative, power (the Worker is killed in the middle, again and again)
  --seed N             of arrivals and answers                        (1)
  --first-token-ms N   of healthy providers, ±10 %                    (110)
  --slower N           how many times slower the tired one becomes    (10; its first token must come after 800 ms)
  --rate N             requests a second for each incident            (15)
  --text TEXT          what providers answer; may be given often
  --json               the result as JSON, and nothing else (with npm run --silent drill)
  -h, --help           this text`

export const MISSING = ['fault', 'coordinator', 'channel', 'alternative', 'power'] as const
export type Missing = (typeof MISSING)[number]

export interface Options {
  readonly incidents: number
  readonly without: Missing | null
  readonly seed: number
  readonly firstTokenMs: number
  readonly slower: number
  readonly ratePerS: number
  readonly texts: readonly string[]
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
      incidents: { type: 'string', default: '1' },
      without: { type: 'string' },
      seed: { type: 'string', default: '1' },
      'first-token-ms': { type: 'string', default: '110' },
      slower: { type: 'string', default: '10' },
      rate: { type: 'string', default: '15' },
      text: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  const firstTokenMs = wholeNumber(values['first-token-ms'], '--first-token-ms', 1, 1_000)
  const slower = wholeNumber(values.slower, '--slower', 2, 100)
  const late = Math.round(firstTokenMs * slower * 0.9)
  if (late <= 850 || late > 3_500)
    throw new Error(
      `--first-token-ms times --slower, less 10 %, is ${late} ms: it must lie between 850, so that a first token is surely late, and 3,500, so that the gateway does not give up on it.`,
    )
  const without = MISSING.find((one) => one === values.without) ?? null
  if (values.without !== undefined && without === null)
    throw new Error(`--without is '${values.without}': expected one of ${MISSING.join(', ')}.`)
  const incidents = wholeNumber(values.incidents, '--incidents', 1, 10_000)
  if (without !== null && incidents !== 1)
    throw new Error('--incidents and --without can not be combined: without something, one run tells all.')
  return {
    incidents,
    without,
    seed: wholeNumber(values.seed, '--seed', 0, 2 ** 31),
    firstTokenMs,
    slower,
    ratePerS: wholeNumber(values.rate, '--rate', 5, 50),
    texts: values.text,
    json: values.json,
  }
}
