import type { PublicDirectives, Version } from '@paceline/core'
import { isNewer } from './is-newer.ts'
import { isolated } from '../isolated.ts'
import { listen } from '../listen.ts'
import { whenIdle } from '../when-idle.ts'
import { judgeDirectives, type Refusal } from './judge-directives.ts'

/** A document and when it came, by `performance.now()`: the server's clock and ours need not agree. */
export interface HeldDirectives {
  readonly directives: PublicDirectives
  readonly receivedAt: number
}

export interface FollowOptions {
  readonly edge: string
  /** How long until the next look, in ms. */
  readonly pollMs: (held: HeldDirectives | undefined) => number
  readonly onChange: (held: HeldDirectives) => void
  readonly onRefused: (refusal: Refusal) => void
  readonly signal: AbortSignal
}

export interface Directives {
  held(): HeldDirectives | undefined
  /** Somebody has seen this version: fetches it unless it is held. */
  hint(version: Version): void
  /** Settles with the first look, whatever became of it. */
  readonly firstLook: Promise<void>
}

/** Keeps the newest good directives. A bad document changes nothing and is told of once. */
export function followDirectives({ edge, pollMs, onChange, onRefused, signal }: FollowOptions): Directives {
  let held: HeldDirectives | undefined
  let hinted: Version = { epoch: 0, version: 0 }
  let looking: Promise<void> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let lookedAt = 0
  const refusals = new Set<string>()

  const take = (text: string): void => {
    const judgement = judgeDirectives(text, held?.directives)
    if (judgement.kind === 'accepted') {
      held = { directives: judgement.directives, receivedAt: performance.now() }
      onChange(held)
    } else if (judgement.kind === 'refused') {
      const name = JSON.stringify(judgement.refusal)
      if (!refusals.has(name)) onRefused(judgement.refusal)
      refusals.add(name)
    }
  }

  const fetchOnce = async (): Promise<void> => {
    try {
      const response = await fetch(`${edge}/directives`, {
        cache: 'no-cache',
        credentials: 'omit',
        signal: AbortSignal.timeout(10_000),
      })
      if (response.ok && !signal.aborted) take(await response.text())
    } catch {
      // Unreachable: what is held stays, and grows old.
    }
    looking = undefined
    lookedAt = performance.now()
    schedule()
  }
  const look = (): Promise<void> => (looking ??= fetchOnce())

  const schedule = (): void => {
    clearTimeout(timer)
    if (signal.aborted || document.hidden) return
    const waitMs = pollMs(held) * (0.8 + 0.4 * Math.random())
    timer = setTimeout(
      isolated(() => void look()),
      Math.max(0, lookedAt + waitMs - performance.now()),
    )
  }
  listen(document, 'visibilitychange', schedule, signal)
  signal.addEventListener('abort', () => clearTimeout(timer))

  return {
    held: () => held,
    hint: (version) => {
      const known = held === undefined || isNewer(hinted, held.directives) ? hinted : held.directives
      if (!isNewer(version, known)) return
      hinted = version
      void (looking ?? Promise.resolve()).then(isolated(() => void look()))
    },
    firstLook: whenIdle().then(look),
  }
}
