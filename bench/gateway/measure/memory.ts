import { setTimeout as wait } from 'node:timers/promises'
import { seededRandom } from '../../../scripts/drill/seeded-random.ts'
import { Inspector } from '../inspector.ts'
import { requestBytes, type Contestant } from '../load/contestant.ts'
import { Connection } from '../load/connection.ts'
import { descriptorsOf, residentBytesOf } from '../process-figures.ts'
import { MockControl } from '../upstream/mock-control.ts'

/** How workerd's memory fared under mixed load. */
export interface Memory {
  readonly seconds: number
  readonly requests: number
  /** What the isolate holds after its garbage is collected, in MB: when the first third of the time was over, and at the end. */
  readonly heapMbBefore: number
  readonly heapMbAfter: number
  /** The slope of the line through the last two thirds. */
  readonly heapMbPerMinute: number
  /** The same of the whole process, which keeps for later what it has once had. */
  readonly residentMbBefore: number
  readonly residentMbAfter: number
  readonly residentMbPerMinute: number
  readonly descriptorsBefore: number
  readonly descriptorsAfter: number
  /** Calls that the upstream was still answering when everybody had gone. */
  readonly inFlightAtEnd: number
}

interface Plan {
  readonly primary: string
  readonly alternate: string
  readonly lastsMs: number
  readonly seed: number
}

/** Callers that act side by side. */
const CALLERS = 24
/** Collecting garbage stops the isolate for a moment: not too often. */
const LOOK_EVERY_MS = 3_000
/** An isolate without any request answers no inspector: at the very end nobody may be left to wake it. */
const LONGEST_LOOK_MS = 5_000
/** Before any provider has said a word. */
const LEAVES_AFTER_MS = 5
/** Longer than any call of the route `soak` may take. */
const LAST_CALL_MS = 15_000

/** What goes wrong at the providers all the while, by how often. */
const FAULTS = [
  { kind: 'server-error', everyNth: 23 },
  { kind: 'reset', everyNth: 31 },
  { kind: 'cut', afterTokens: 3, everyNth: 29 },
  { kind: 'in-band-error', everyNth: 37 },
  { kind: 'stall', afterTokens: 2, everyNth: 211 },
  { kind: 'malformed', afterTokens: 2, everyNth: 41 },
]

/**
 * Streams, whole answers, callers that leave before and after the first word, and faults of every kind, as fast as two
 * dozen callers go: an hour's wear in a few minutes.
 *
 * @throws Error where there is no /proc to look into
 */
export async function memoryUnderLoad(
  { contestant, inspectorPort }: { readonly contestant: Contestant; readonly inspectorPort: number },
  plan: Plan,
  say: (words: string) => void,
): Promise<Memory> {
  const { pid } = contestant
  if (pid === null || residentBytesOf(pid) === null)
    throw new Error('--soak-seconds needs /proc to see how much memory workerd holds: run it on Linux.')
  const inspector = await Inspector.connect(inspectorPort, 'paceline')
  const providers = [new MockControl(plan.primary), new MockControl(plan.alternate)]
  for (const provider of providers) await provider.setFault(FAULTS)
  const descriptorsBefore = descriptorsOf(pid) ?? 0
  const startedAt = performance.now()
  const until = startedAt + plan.lastsMs
  const callers = Array.from({ length: CALLERS }, (_, number) => call(contestant, until, plan.seed + number))
  const [resident, heap]: [Look[], Look[]] = [[], []]
  while (performance.now() < until) {
    const atMs = performance.now() - startedAt
    resident.push({ atMs, bytes: residentBytesOf(pid) ?? 0 })
    const bytes = await Promise.race([heapBytes(inspector), wait(LONGEST_LOOK_MS, null)])
    if (bytes !== null) heap.push({ atMs, bytes })
    say(
      `${((until - performance.now()) / 1_000).toFixed(0)} s left, ${megabytes(heap.at(-1)?.bytes)} MB of heap`,
    )
    await wait(Math.min(LOOK_EVERY_MS, plan.lastsMs / 30))
  }
  const requests = (await Promise.all(callers)).reduce((sum, count) => sum + count, 0)
  say('waiting for the last calls to end')
  for (const provider of providers) await provider.setFault(null)
  const inFlightAtEnd = await untilNothingIsOpen(providers)
  inspector.close()
  const settled = (looks: readonly Look[]): Look[] => looks.filter(({ atMs }) => atMs >= plan.lastsMs / 3)
  const [heapSettled, residentSettled] = [settled(heap), settled(resident)]
  return {
    seconds: plan.lastsMs / 1_000,
    requests,
    heapMbBefore: megabytes(heapSettled[0]?.bytes),
    heapMbAfter: megabytes(heapSettled.at(-1)?.bytes),
    heapMbPerMinute: megabytes(slope(heapSettled) * 60_000),
    residentMbBefore: megabytes(residentSettled[0]?.bytes),
    residentMbAfter: megabytes(residentSettled.at(-1)?.bytes),
    residentMbPerMinute: megabytes(slope(residentSettled) * 60_000),
    descriptorsBefore,
    descriptorsAfter: descriptorsOf(pid) ?? 0,
    inFlightAtEnd,
  }
}

const megabytes = (bytes: number | undefined): number => Math.round((bytes ?? 0) / 1e4) / 100

async function heapBytes(inspector: Inspector): Promise<number> {
  await inspector.call('HeapProfiler.collectGarbage')
  return (await inspector.call<{ usedSize: number }>('Runtime.getHeapUsage')).usedSize
}

interface Look {
  readonly atMs: number
  readonly bytes: number
}

/** Of the line with the least squares, in bytes for each ms. */
export function slope(looks: readonly Look[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length
  const at = mean(looks.map(({ atMs }) => atMs))
  const bytes = mean(looks.map((look) => look.bytes))
  const spread = looks.reduce((sum, look) => sum + (look.atMs - at) ** 2, 0)
  return looks.reduce((sum, look) => sum + (look.atMs - at) * (look.bytes - bytes), 0) / spread
}

async function untilNothingIsOpen(providers: readonly MockControl[]): Promise<number> {
  const until = performance.now() + LAST_CALL_MS
  for (;;) {
    const open = await Promise.all(providers.map((provider) => provider.countOpen()))
    const sum = open.reduce((a, b) => a + b, 0)
    if (sum === 0 || performance.now() > until) return sum
    await wait(250)
  }
}

/** One caller, who asks until the time is up, and often does not wait for the answer. */
async function call(paceline: Contestant, until: number, seed: number): Promise<number> {
  const random = seededRandom(seed)
  const requests = [true, false].map((stream) =>
    requestBytes(paceline, {
      model: 'soak',
      stream,
      messages: [{ role: 'user', content: 'Why ride in a paceline?' }],
    }),
  )
  const [streamed, whole] = requests
  let connection = new Connection(paceline.port)
  let count = 0
  while (performance.now() < until) {
    const lot = random()
    const leavesAfter = lot < 0.05 ? 'request' : lot < 0.15 ? 'first-bytes' : null
    const request = random() < 0.6 ? streamed : whole
    if (request === undefined) break
    if (!connection.isUsable) connection = new Connection(paceline.port)
    await ask(connection, request, leavesAfter)
    count += 1
  }
  connection.close()
  return count
}

/** Resolves when the answer is over, or the caller has left. */
function ask(
  connection: Connection,
  request: Buffer,
  leavesAfter: 'request' | 'first-bytes' | null,
): Promise<void> {
  return new Promise((resolve) => {
    // Gone with the request that it was set for: the next one goes over the same connection.
    const leaving = leavesAfter === 'request' ? setTimeout(() => leave(), LEAVES_AFTER_MS) : undefined
    const over = (): void => {
      clearTimeout(leaving)
      resolve()
    }
    const leave = (): void => {
      connection.close()
      over()
    }
    connection.ask(request, {
      body: () => {
        if (leavesAfter === 'first-bytes') leave()
      },
      end: over,
      broken: over,
    })
  })
}
