import { compile } from '../../scripts/local/build.ts'
import { onSignal } from '../../scripts/local/on-signal.ts'
import { status } from '../../scripts/local/status.ts'
import { portkeyVersion, startHouse, type House } from './house.ts'
import { brownOut } from './measure/brown-out.ts'
import { checkAnswers } from './measure/check-answers.ts'
import { firstOutputRound, type FirstOutputs } from './measure/first-output.ts'
import { memoryUnderLoad } from './measure/memory.ts'
import { profilePaceline } from './measure/profile.ts'
import { jsonLoad, streamLoad, throughputRound, type Round } from './measure/throughput.ts'
import type { Options } from './options.ts'
import { printConditions, printDetails, printVerdict } from './print.ts'
import { resultOf } from './result.ts'
import { meetsAll, type Measured } from './targets.ts'
import { wholeText } from './upstream/answers.ts'

/** Long enough for an engine to have compiled what is hot; the first turn of each has had a longer one. */
const WARM_UP_MS = 1_000

/**
 * Measures what the options ask for and prints it.
 *
 * @returns whether every target was met
 */
export async function runGateway(root: string, options: Options): Promise<boolean> {
  const say = (words: string): void => status(options, words === '' ? '' : `${words} …`)
  say('compiling the packages')
  await compile(root, ['packages/edge', 'packages/browser-sdk', 'packages/mock-provider'])
  const closers: (() => Promise<void>)[] = []
  const endAll = async (): Promise<void> => {
    for (const end of closers.splice(0).toReversed()) await end()
  }
  let closing: Promise<void> | null = null
  const close = (): Promise<void> => (closing ??= endAll())
  let isInterrupted = false
  const letGo = onSignal(() => {
    isInterrupted = true
    return close()
  })
  try {
    const house = await startHouse(root, options, closers, say)
    say('')
    if (!options.json)
      printConditions(
        house.cores,
        `Portkey ${portkeyVersion(root)} on Node ${process.versions.node}; ${options.rounds} rounds of ${options.turnMs / 1_000} s each.`,
      )
    say('checking that everybody passes on what the upstream says')
    await checkAnswers(Object.values(house.contestants), wholeText(options.text, options.chunks))
    if (options.profile !== null) {
      const files = await profile(house, options.profile, options)
      say('')
      console.log(files.map((file) => `  ${file}`).join('\n'))
      return true
    }
    const measured = await measure(house, options, say)
    say('')
    if (options.json) console.log(JSON.stringify(resultOf(measured, options.rounds)))
    else {
      printDetails(measured)
      printVerdict(measured)
    }
    return meetsAll(measured)
  } finally {
    await close()
    // What was under way failed because its other side was ended: that is nobody's news, and the signal's end is the exit.
    if (isInterrupted) await new Promise(() => undefined)
    letGo()
  }
}

async function profile(house: House, folder: string, { gapMs, turnMs }: Options): Promise<string[]> {
  const { upstream } = house
  const { contestant, inspectorPort } = await house.inspectable()
  await upstream.pace({ firstTokenMs: 0, gapMs })
  return profilePaceline(contestant, inspectorPort, folder, turnMs)
}

async function measure(house: House, options: Options, say: (words: string) => void): Promise<Measured> {
  const { contestants, upstream } = house
  const { only, rounds, turnMs, connections, gapMs, firstTokenMs } = options
  const everybody = Object.values(contestants)
  const times = { warmUpMs: WARM_UP_MS, measuredMs: turnMs }
  const json: Round[] = []
  const streams: Round[] = []
  const firstOutputs: FirstOutputs[] = []
  for (let round = 1; round <= rounds; round += 1) {
    const named = (what: string) => (who: string) => say(`round ${round} of ${rounds}: ${what}, ${who}`)
    // Whoever comes first finds a cooler machine: the order is another one in every round.
    const order = everybody
      .map((_, place) => everybody[(place + round) % everybody.length])
      .filter((one) => one !== undefined)
    await upstream.pace({ firstTokenMs: 0, gapMs })
    if (only.has('json'))
      json.push(await throughputRound(order, jsonLoad(connections ?? 32), times, named('JSON')))
    if (only.has('streams'))
      streams.push(await throughputRound(order, streamLoad(connections ?? 64), times, named('streams')))
    if (only.has('first-output')) {
      named('first output')('all in turn')
      await upstream.pace({ firstTokenMs, gapMs })
      firstOutputs.push(await firstOutputRound(everybody, 2 * turnMs))
    }
  }
  const { primary, alternate } = upstream
  const { ratePerS, healthyMs, brownOutMs, slower, soakMs, seed } = options
  const browned = only.has('brown-out')
    ? await brownOut(
        contestants.paceline,
        { primary, alternate, ratePerS, healthyMs, brownOutMs, slower },
        (words) => say(`brown-out: ${words}`),
      )
    : null
  const memory =
    soakMs === 0
      ? null
      : await memoryUnderLoad(
          await house.inspectable(),
          { primary, alternate, lastsMs: soakMs, seed },
          (words) => say(`soak: ${words}`),
        )
  return {
    json: json.length === 0 ? null : json,
    streams: streams.length === 0 ? null : streams,
    firstOutputs: firstOutputs.length === 0 ? null : firstOutputs,
    brownOut: browned,
    memory,
  }
}
