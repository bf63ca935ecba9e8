import { statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { wholeNumber } from '../../scripts/local/whole-number.ts'

export const HELP = `npm run bench -- gateway [OPTIONS]

Measures the built Worker in workerd against the upstream itself (direct), a Worker that only passes requests on, and
the Portkey OSS gateway: in turns, on this machine, on loopback. Exits with 1 when a target is missed.

  --rounds N            every contestant has so many turns                    (5)
  --seconds N           of each turn                                          (4)
  --only WHAT           json, streams, first-output, brown-out; may be given often (all of them)
  --connections N       that keep asking, for rates                           (32 for JSON, 64 for streams)
  --chunks N            with words in a stream                                (20)
  --gap-ms N            between two of them                                   (1)
  --first-token-ms N    of the upstream, where first outputs are timed        (50)
  --slower N            how many times slower the primary gets in a brown-out (10)
  --brown-out-seconds N how long it stays so                                  (60)
  --healthy-seconds N   before it                                             (30)
  --rate N              requests a second in the brown-out                    (20)
  --target-ms N         after which the route calls a first output late       (4 times --first-token-ms)
  --soak-seconds N      also watch memory under mixed load for so long; 300 stand for an hour
  --text TEXT           what the upstream says
  --seed N              of the mock providers' jitter and of what arrives when (1)
  --profile FOLDER      only write CPU profiles of the Worker under load there, for Chromium's developer tools
  --receipts            Paceline also seals receipts, as it does where pages report to it
  --json                the result as JSON, and nothing else (with npm run --silent bench)
  -h, --help            this text`

export const MEASURES = ['json', 'streams', 'first-output', 'brown-out'] as const
export type Measure = (typeof MEASURES)[number]

export interface Options {
  readonly rounds: number
  readonly turnMs: number
  readonly only: ReadonlySet<Measure>
  /** Null for the usual number of each measure. */
  readonly connections: number | null
  readonly chunks: number
  readonly gapMs: number
  readonly firstTokenMs: number
  readonly slower: number
  readonly brownOutMs: number
  readonly healthyMs: number
  readonly ratePerS: number
  readonly targetMs: number
  /** 0 for no soak. */
  readonly soakMs: number
  readonly text: string
  readonly seed: number
  /** Folder for CPU profiles; null to measure. */
  readonly profile: string | null
  readonly receipts: boolean
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
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '4' },
      only: { type: 'string', multiple: true, default: [] },
      connections: { type: 'string' },
      chunks: { type: 'string', default: '20' },
      'gap-ms': { type: 'string', default: '1' },
      'first-token-ms': { type: 'string', default: '50' },
      slower: { type: 'string', default: '10' },
      'brown-out-seconds': { type: 'string', default: '60' },
      'healthy-seconds': { type: 'string', default: '30' },
      rate: { type: 'string', default: '20' },
      'target-ms': { type: 'string' },
      'soak-seconds': { type: 'string', default: '0' },
      text: {
        type: 'string',
        default: 'Riders take turns at the front, and nobody rides alone against the wind.',
      },
      seed: { type: 'string', default: '1' },
      profile: { type: 'string' },
      receipts: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  const firstTokenMs = wholeNumber(values['first-token-ms'], '--first-token-ms', 1, 5_000)
  if (values.text.trim() === '') throw new Error('--text is empty: expected at least one word.')
  return {
    rounds: wholeNumber(values.rounds, '--rounds', 1, 1_000),
    turnMs: wholeNumber(values.seconds, '--seconds', 1, 600) * 1_000,
    only: measures(values.only),
    connections:
      values.connections === undefined ? null : wholeNumber(values.connections, '--connections', 1, 1_000),
    chunks: wholeNumber(values.chunks, '--chunks', 1, 1_000),
    gapMs: wholeNumber(values['gap-ms'], '--gap-ms', 0, 1_000),
    firstTokenMs,
    slower: wholeNumber(values.slower, '--slower', 2, 100),
    // The first three seconds do not count.
    brownOutMs: wholeNumber(values['brown-out-seconds'], '--brown-out-seconds', 5, 3_600) * 1_000,
    healthyMs: wholeNumber(values['healthy-seconds'], '--healthy-seconds', 5, 3_600) * 1_000,
    ratePerS: wholeNumber(values.rate, '--rate', 1, 200),
    targetMs:
      values['target-ms'] === undefined
        ? 4 * firstTokenMs
        : wholeNumber(values['target-ms'], '--target-ms', 1, 60_000),
    soakMs: wholeNumber(values['soak-seconds'], '--soak-seconds', 0, 86_400) * 1_000,
    text: values.text,
    seed: wholeNumber(values.seed, '--seed', 0, 2 ** 31),
    profile: values.profile === undefined ? null : folder(values.profile),
    receipts: values.receipts,
    json: values.json,
  }
}

function folder(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return path
  throw new Error(`--profile is '${path}': expected a folder that is there.`)
}

function measures(named: readonly string[]): ReadonlySet<Measure> {
  const known = named.map((name) => {
    const measure = MEASURES.find((one) => one === name)
    if (measure === undefined) throw new Error(`--only is '${name}': expected one of ${MEASURES.join(', ')}.`)
    return measure
  })
  return new Set(known.length === 0 ? MEASURES : known)
}
