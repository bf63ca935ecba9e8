import { quantile } from '../../scripts/drill/quantile.ts'
import { styled } from '../../scripts/local/style.ts'
import type { Cores } from './cores.ts'
import { NAMES, type Name } from './load/contestant.ts'
import type { FirstOutputs } from './measure/first-output.ts'
import type { Round } from './measure/throughput.ts'
import { added, figuresOf, meets, spreadOf, TARGETS, type Measured, type Target } from './targets.ts'

const TITLES: Readonly<Record<Name, string>> = {
  direct: 'direct',
  'pass-through': 'pass-through Worker',
  paceline: 'Paceline',
  portkey: 'Portkey OSS',
}

/** Below this share of its processor, it was not the contestant that limited its rate. */
const BUSY = 0.8

export function printConditions(cores: Cores, versions: string): void {
  const { bold, dim } = styled
  console.log(`
  ${bold('The built Worker in workerd, and what it is measured against.')}
  ${dim(`One machine, loopback, in turns: ${cores.words}.`)}
  ${dim(versions)}
`)
}

/** A table for each measure: everybody's own figures. They belong to this machine and this minute. */
export function printDetails({ json, streams, firstOutputs, brownOut, memory }: Measured): void {
  if (json !== null) printRates('JSON requests a second, one core', json)
  if (streams !== null) printRates('Streams a second, one core', streams)
  if (firstOutputs !== null) printFirstOutputs(firstOutputs)
  if (brownOut !== null) {
    heading('Brown-out of the primary, first output in ms')
    console.log(`  ${'p99 healthy'.padEnd(24)}${brownOut.healthyP99Ms.toFixed(0).padStart(9)}`)
    console.log(`  ${'p99 from 3 s on'.padEnd(24)}${brownOut.brownOutP99Ms.toFixed(0).padStart(9)}`)
    console.log(
      `  ${styled.dim(`${brownOut.requests} requests while it lasted; ${brownOut.incomplete} answers in all were not complete`)}\n`,
    )
  }
  if (memory !== null) {
    heading(`Memory over ${memory.seconds} s of mixed load`)
    console.log(
      `  heap ${memory.heapMbBefore} MB → ${memory.heapMbAfter} MB, process ${memory.residentMbBefore} MB → ${memory.residentMbAfter} MB, descriptors ${memory.descriptorsBefore} → ${memory.descriptorsAfter}`,
    )
    console.log(
      `  ${styled.dim(`${memory.requests} requests; ${memory.inFlightAtEnd} calls in flight at the end`)}\n`,
    )
  }
}

const heading = (text: string): void => console.log(`  ${styled.bold(text)}`)

function printRates(title: string, rounds: readonly Round[]): void {
  heading(title)
  console.log(
    styled.dim(
      `  ${''.padEnd(24)}${['median', 'least', 'most', 'per CPU s', 'core used'].map((name) => name.padStart(11)).join('')}`,
    ),
  )
  for (const name of NAMES) {
    const own = rounds.flatMap((round) => round.get(name) ?? [])
    const { value, least, most } = spreadOf(own.map(({ perSecond }) => perSecond))
    const cpu = own.flatMap(({ perCpuSecond }) => perCpuSecond ?? [])
    const busy = own.flatMap((one) => one.busy ?? [])
    const cells = [
      ...[value, least, most].map((rate) => rate.toFixed(0)),
      cpu.length === 0 ? '–' : spreadOf(cpu).value.toFixed(0),
      busy.length === 0 ? '–' : `${(spreadOf(busy).value * 100).toFixed(0)} %`,
    ]
    const idle = busy.length > 0 && spreadOf(busy).value < BUSY
    console.log(
      `  ${TITLES[name].padEnd(24)}${cells.map((cell) => cell.padStart(11)).join('')}${idle ? styled.dim('  did not have its core to itself, or waited') : ''}`,
    )
  }
  console.log('')
}

function printFirstOutputs(rounds: readonly FirstOutputs[]): void {
  heading('First output of a stream, ms over direct')
  console.log(
    styled.dim(`  ${''.padEnd(24)}${['p50', 'p99', 'requests'].map((name) => name.padStart(11)).join('')}`),
  )
  for (const name of NAMES) {
    const times = rounds.flatMap((round) => round.get(name) ?? [])
    const cells =
      name === 'direct'
        ? [quantile(times, 0.5).toFixed(1), quantile(times, 0.99).toFixed(1)]
        : [0.5, 0.99].map((share) => `+${added(rounds, name, share).value.toFixed(2)}`)
    console.log(
      `  ${TITLES[name].padEnd(24)}${[...cells, String(times.length)].map((cell) => cell.padStart(11)).join('')}`,
    )
  }
  console.log('')
}

const FIGURES: readonly (readonly [Target, string])[] = [
  ['jsonToPassThrough', 'JSON requests/s ÷ pass-through Worker'],
  ['jsonToPortkey', 'JSON requests/s ÷ Portkey'],
  ['streamsToPortkey', 'streams/s ÷ Portkey'],
  ['addedP50Ms', 'added to first output, p50, ms'],
  ['addedP99Ms', 'added to first output, p99, ms'],
  ['brownOutP99', 'brown-out p99 ÷ healthy p99'],
  ['brownOutExtraCallShare', 'extra upstream calls in a brown-out'],
  ['memoryMbPerMinute', 'heap under load, MB a minute'],
]

/** The figures that have a target, and whether they are what they should be. */
export function printVerdict(measured: Measured): void {
  const figures = figuresOf(measured)
  heading('Ratios, which travel better than rates')
  console.log(
    styled.dim(
      `  ${''.padEnd(40)}${['figure', 'least', 'most', 'target'].map((name) => name.padStart(10)).join('')}`,
    ),
  )
  for (const [name, words] of FIGURES) {
    const figure = figures[name]
    if (figure === undefined) continue
    const met = meets(name, figure.value)
    const bound: { readonly least?: number; readonly most?: number } = TARGETS[name]
    const target = bound.least === undefined ? `≤ ${bound.most}` : `≥ ${bound.least}`
    const alone = figure.least === figure.most
    const cells = [
      figure.value.toFixed(2),
      ...(alone ? ['', ''] : [figure.least.toFixed(2), figure.most.toFixed(2)]),
      target,
    ]
    console.log(
      `  ${words.padEnd(40)}${cells.map((cell) => cell.padStart(10)).join('')}   ${met ? 'pass' : styled.bold('miss')}`,
    )
  }
  console.log('')
}
