import { spawnSync } from 'node:child_process'

/** The number of a processor. */
export type Core = number

/** Who runs where: the contestants on one processor, the client and the upstream on another. */
export interface Cores {
  readonly contestants: Core | null
  readonly others: Core | null
  /** Says it to whoever reads the figures. */
  readonly words: string
}

/** Two processors that this process may use, and this process moved onto the second of them. */
export function chooseCores(): Cores {
  const shown = spawnSync('taskset', ['-pc', String(process.pid)], { encoding: 'utf8' })
  if (shown.status !== 0)
    return unpinned('taskset is not here, so processes run where the system puts them: figures are rougher')
  const [contestants, others] = allowedCores(shown.stdout)
  if (contestants === undefined || others === undefined)
    return unpinned('there is one processor for everything: rates are lower than the contestants could do')
  // -a: with the threads that Node has already started.
  spawnSync('taskset', ['-apc', String(others), String(process.pid)])
  return {
    contestants,
    others,
    words: `contestants on core ${contestants}, client and upstream on core ${others}`,
  }
}

const unpinned = (words: string): Cores => ({ contestants: null, others: null, words })

/** The cores of a list such as `0-2,5`, as taskset prints it behind its colon. */
export function allowedCores(shown: string): Core[] {
  const ranges = (shown.split(':').at(-1) ?? '').matchAll(/(\d+)(?:-(\d+))?/gu)
  return [...ranges].flatMap(([, from, to = from]) => {
    const first = Number(from)
    return Array.from({ length: Number(to) - first + 1 }, (_, index) => first + index)
  })
}
