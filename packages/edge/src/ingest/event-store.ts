import type { PacelineEvent, Verdict } from '@paceline/core'

type Storage = Pick<DurableObjectStorage, 'sql'>
type Evidence = Verdict['evidence']

/** Longer than anybody resends: after this, an event that comes again is a new one. */
const KEPT_MS = 86_400_000
/** Some hundreds of megabytes; in a flood the oldest go first. */
const MOST_ROWS = 2_000_000
/** Deleting is done in large pieces. */
const SWEEP_EVERY_MS = 600_000

/** The events of a day, each once. */
export class EventStore {
  readonly #sql: SqlStorage
  /** When the next events are old enough to go; null while there are none. */
  sweepAt: number | null

  constructor({ sql }: Storage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS events (
      number INTEGER PRIMARY KEY, -- in order of arrival, so that the oldest are found without an index
      source TEXT NOT NULL,
      id TEXT NOT NULL,
      type TEXT NOT NULL,
      time TEXT NOT NULL,
      receivedAt INTEGER NOT NULL,
      call TEXT UNIQUE, -- the call whose receipt this event has spent
      evidence TEXT,
      data TEXT NOT NULL,
      UNIQUE (source, id)
    ) STRICT`)
    this.sweepAt = this.#oldestEnd()
  }

  /** What was said of an event's evidence when it first came; null where it never came. */
  find(source: string, id: string): { readonly evidence: Evidence } | null {
    const [row] = this.#sql.exec<{ evidence: string | null }>(
      'SELECT evidence FROM events WHERE source = ? AND id = ?',
      source,
      id,
    )
    return row === undefined ? null : { evidence: (row.evidence ?? undefined) as Evidence }
  }

  isSpent(call: string): boolean {
    return [...this.#sql.exec('SELECT 1 FROM events WHERE call = ?', call)].length > 0
  }

  /** @param call the call whose receipt this event spends, if any */
  add(event: PacelineEvent, call: string | null, evidence: Evidence, now: number): void {
    this.#sql.exec(
      `INSERT INTO events (source, id, type, time, receivedAt, call, evidence, data)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      event.source,
      event.id,
      event.type,
      event.time,
      now,
      call,
      evidence ?? null,
      // A receipt is of no use any more.
      JSON.stringify({ ...event.data, proof: undefined }),
    )
    this.sweepAt ??= now + KEPT_MS
  }

  /** Deletes what is too old or too much. */
  sweep(now: number): void {
    this.#sql.exec(
      `DELETE FROM events WHERE number <
         coalesce((SELECT number FROM events WHERE receivedAt > ? ORDER BY number LIMIT 1), 1e18)`,
      now - KEPT_MS,
    )
    const end = this.#oldestEnd()
    this.sweepAt = end === null ? null : Math.max(end, now + SWEEP_EVERY_MS)
  }

  trim(): void {
    this.#sql.exec('DELETE FROM events WHERE number <= (SELECT max(number) FROM events) - ?', MOST_ROWS)
  }

  #oldestEnd(): number | null {
    const [oldest] = this.#sql.exec<{ receivedAt: number }>(
      'SELECT receivedAt FROM events ORDER BY number LIMIT 1',
    )
    return oldest === undefined ? null : oldest.receivedAt + KEPT_MS
  }
}
