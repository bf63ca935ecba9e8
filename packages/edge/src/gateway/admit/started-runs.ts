import { InFlight } from './in-flight.ts'

/** The header by which a caller names the agent run that a request is a turn of. */
export const RUN_HEADER = 'paceline-run'

/** A run is forgotten this long after its last turn began. */
const REMEMBERED_MS = 600_000
/** Beyond this many, those longest without a turn are forgotten. */
const MOST_RUNS = 10_000
/** Turns follow one another, or a few run side by side. Who calls everything one run is not let in for that. */
const MOST_TURNS_AT_ONCE = 8
const LONGEST_ID = 128

interface Run {
  readonly lastTurnAt: number
  readonly turns: InFlight
}

/** One turn of a run, from the key that may speak for it. */
export type Turn = string

/** Null where the caller names no run, or one by a name that is no id. */
export function turnOf(key: string, headers: Headers): Turn | null {
  const id = headers.get(RUN_HEADER)
  return id === null || id === '' || id.length > LONGEST_ID ? null : `${key} ${id}`
}

/** The agent runs of which this isolate has admitted a turn. */
export class StartedRuns {
  readonly #runs = new Map<Turn, Run>()

  /** Whether a turn belongs to a run that has started, and not to more of them at once than a run has. */
  isStarted(turn: Turn, now: number): boolean {
    const run = this.#runs.get(turn)
    if (run === undefined || now - run.lastTurnAt >= REMEMBERED_MS) return false
    return run.turns.count(now) < MOST_TURNS_AT_ONCE
  }

  /**
   * Notes that a turn was admitted.
   *
   * @param endsAt by when it is over at the latest
   * @returns what to call when it is over sooner; any number of times, or never
   */
  enter(turn: Turn, endsAt: number, now: number): () => void {
    const turns = this.#runs.get(turn)?.turns ?? new InFlight()
    // Set anew, so that the map's order is that of last use.
    this.#runs.delete(turn)
    this.#runs.set(turn, { lastTurnAt: now, turns })
    if (this.#runs.size > MOST_RUNS) this.#forget()
    return turns.enter(endsAt)
  }

  #forget(): void {
    for (const turn of this.#runs.keys()) {
      this.#runs.delete(turn)
      return
    }
  }
}
