import {
  INITIAL_STATE,
  respond,
  type Effect,
  type Input,
  type ResponseState,
  type StageRecord,
} from '@paceline/core'

/** One line of the journal: an input, which alone rebuilds the state, or a record of what was made of it. */
export interface JournalLine {
  readonly sequence: number
  readonly at: number
  readonly kind: 'input' | 'record'
  readonly incident: string | null
  readonly body: unknown
}

interface Row extends Record<string, SqlStorageValue> {
  sequence: number
  at: number
  kind: string
  incident: string | null
  body: string
}

/** A snapshot this often keeps a restart short. */
const SNAPSHOT_EVERY = 1_000
/** Lines that are older than the newest snapshot are for people to read; so many are kept. */
const MOST_LINES = 100_000

/**
 * What happened, in order, and never changed afterwards. A restart reads the newest snapshot and replays the inputs
 * since; effects are not carried out again, since those that were wanted stand in the outbox.
 */
export class Journal {
  readonly #sql: SqlStorage
  #state: ResponseState
  #sequence: number
  #snapshotAt: number
  #now: number

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS journal (
      sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, incident TEXT, body TEXT NOT NULL)`)
    sql.exec('CREATE INDEX IF NOT EXISTS journal_incident ON journal (incident, sequence)')
    sql.exec(
      'CREATE TABLE IF NOT EXISTS snapshot (sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, state TEXT NOT NULL)',
    )
    const [snapshot] = sql
      .exec<{ sequence: number; at: number; state: string }>(
        'SELECT * FROM snapshot ORDER BY sequence DESC LIMIT 1',
      )
      .toArray()
    this.#snapshotAt = snapshot?.sequence ?? 0
    this.#sequence = this.#snapshotAt
    this.#now = snapshot?.at ?? 0
    this.#state = snapshot === undefined ? INITIAL_STATE : (JSON.parse(snapshot.state) as ResponseState)
    for (const { sequence, at, kind, body } of this.#rowsAfter(this.#snapshotAt)) {
      this.#sequence = sequence
      this.#now = at
      if (kind === 'input') this.#state = respond(this.#state, JSON.parse(body) as Input, at).state
    }
  }

  get state(): ResponseState {
    return this.#state
  }

  /**
   * Takes in what happened and writes it down with all that was made of it. To be called inside a transaction.
   *
   * @returns what is to be done now
   */
  append(input: Input, clock: number): readonly Effect[] {
    // Clocks may step back; the order of what happened doesn't.
    this.#now = Math.max(this.#now, clock)
    const { state, records, effects } = respond(this.#state, input, this.#now)
    if (state === this.#state && records.length === 0) return []
    this.#write('input', null, input)
    for (const record of records) this.#write('record', record.incident, record)
    this.#state = state
    if (this.#sequence - this.#snapshotAt >= SNAPSHOT_EVERY) this.#snapshot()
    return effects
  }

  /** Records, oldest first: of one incident, or of all. */
  records(incident: string | null, after: number, limit: number): JournalLine[] {
    const rows =
      incident === null
        ? this.#sql.exec<Row>(
            `SELECT * FROM journal WHERE kind = 'record' AND sequence > ? ORDER BY sequence LIMIT ?`,
            after,
            limit,
          )
        : this.#sql.exec<Row>(
            `SELECT * FROM journal WHERE incident = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
            incident,
            after,
            limit,
          )
    return rows.toArray().map(toLine)
  }

  #rowsAfter(sequence: number): Iterable<Row> {
    return this.#sql.exec<Row>('SELECT * FROM journal WHERE sequence > ? ORDER BY sequence', sequence)
  }

  #write(kind: JournalLine['kind'], incident: string | null, body: Input | StageRecord): void {
    this.#sequence += 1
    this.#sql.exec(
      'INSERT INTO journal (sequence, at, kind, incident, body) VALUES (?, ?, ?, ?, ?)',
      this.#sequence,
      this.#now,
      kind,
      incident,
      JSON.stringify(body),
    )
  }

  #snapshot(): void {
    this.#snapshotAt = this.#sequence
    this.#sql.exec(
      'INSERT INTO snapshot (sequence, at, state) VALUES (?, ?, ?)',
      this.#sequence,
      this.#now,
      JSON.stringify(this.#state),
    )
    this.#sql.exec('DELETE FROM snapshot WHERE sequence < ?', this.#sequence)
    this.#sql.exec('DELETE FROM journal WHERE sequence <= ?', this.#sequence - MOST_LINES)
  }
}

const toLine = ({ sequence, at, kind, incident, body }: Row): JournalLine => ({
  sequence,
  at,
  kind: kind === 'input' ? 'input' : 'record',
  incident,
  body: JSON.parse(body) as unknown,
})
