import {
  INITIAL_STATE,
  respond,
  STATE_VERSION,
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

interface SnapshotRow extends Record<string, SqlStorageValue> {
  sequence: number
  at: number
  version: number
  state: string
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
/** Inputs behind the newest snapshot rebuild nothing any more; so many are kept for whoever wants to replay them. */
const INPUTS_KEPT = 20_000
/** Records are the audit; those further back than so many lines go. */
const RECORDS_KEPT = 2_000_000

/** The reducer failed on an input, which is a bug of ours: nothing was changed and nothing written. */
export class ReducerBug extends Error {
  override readonly name = 'ReducerBug'
}

/**
 * What happened, in order, and never changed afterwards. A restart reads the newest snapshot and replays the inputs
 * since; effects are not carried out again, since those that were wanted stand in the outbox. A past that this version
 * can't read stays for people, and a new one begins.
 */
export class Journal {
  readonly #sql: SqlStorage
  #state: ResponseState = INITIAL_STATE
  #sequence = 0
  #snapshotAt = 0
  #now = 0
  /** How far the journal's time is ahead of the clock, which may have been set back. */
  #aheadMs = 0
  /** Whether it began without a past that it could read. */
  readonly isNew: boolean

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS journal (
      sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, incident TEXT, body TEXT NOT NULL)`)
    sql.exec('CREATE INDEX IF NOT EXISTS journal_incident ON journal (incident, sequence)')
    sql.exec('CREATE INDEX IF NOT EXISTS journal_kind ON journal (kind, sequence)')
    sql.exec(`CREATE TABLE IF NOT EXISTS state_snapshot (
      sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, version INTEGER NOT NULL, state TEXT NOT NULL)`)
    this.isNew = !this.#restore()
    if (this.isNew) this.begin()
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
    this.#now = this.time(clock)
    const { state, records, effects } = this.#respond(input)
    if (state === this.#state && records.length === 0) return []
    this.#write('input', null, input)
    for (const record of records) this.#write('record', record.incident, record)
    this.#state = state
    if (this.#sequence - this.#snapshotAt >= SNAPSHOT_EVERY) this.#snapshot()
    return effects
  }

  /** The journal's own time: it goes on from what was written last, also where the clock was set back. */
  time(clock: number): number {
    this.#aheadMs = Math.max(this.#aheadMs, this.#now - clock)
    return clock + this.#aheadMs
  }

  /** By the clock, what the journal's time says. */
  clockAt(time: number): number {
    return time - this.#aheadMs
  }

  /** Leaves the past to people and begins anew, under an epoch that stands above it. */
  begin(): void {
    const [last] = this.#sql
      .exec<{ sequence: number | null; at: number | null }>(
        'SELECT MAX(sequence) AS sequence, MAX(at) AS at FROM journal',
      )
      .toArray()
    this.#state = INITIAL_STATE
    this.#sequence = last?.sequence ?? 0
    this.#now = last?.at ?? 0
    this.#snapshot()
  }

  /**
   * Records of one incident, or of all, oldest first.
   *
   * @param after those behind this sequence; null for the newest
   */
  records(incident: string | null, after: number | null, limit: number): JournalLine[] {
    const whose = incident === null ? `kind = 'record'` : 'incident = ?'
    const rows = this.#sql.exec<Row>(
      `SELECT * FROM journal WHERE ${whose} AND sequence > ? ORDER BY sequence ${after === null ? 'DESC' : 'ASC'} LIMIT ?`,
      ...(incident === null ? [] : [incident]),
      after ?? 0,
      limit,
    )
    const lines = rows.toArray().map(toLine)
    return after === null ? lines.toReversed() : lines
  }

  #respond(input: Input): ReturnType<typeof respond> {
    try {
      return respond(this.#state, input, this.#now)
    } catch (error) {
      throw new ReducerBug('the reducer failed', { cause: error })
    }
  }

  /** @returns whether there was a past, and it could be read */
  #restore(): boolean {
    const [snapshot] = this.#sql
      .exec<SnapshotRow>('SELECT * FROM state_snapshot ORDER BY sequence DESC LIMIT 1')
      .toArray()
    if (snapshot?.version !== STATE_VERSION) return false
    this.#state = JSON.parse(snapshot.state) as ResponseState
    this.#sequence = this.#snapshotAt = snapshot.sequence
    this.#now = snapshot.at
    try {
      for (const { sequence, at, kind, body } of this.#rowsAfter(this.#snapshotAt)) {
        this.#sequence = sequence
        this.#now = at
        if (kind === 'input') this.#state = respond(this.#state, JSON.parse(body) as Input, at).state
      }
      return true
    } catch {
      return false
    }
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
      'INSERT OR REPLACE INTO state_snapshot (sequence, at, version, state) VALUES (?, ?, ?, ?)',
      this.#sequence,
      this.#now,
      STATE_VERSION,
      JSON.stringify(this.#state),
    )
    this.#sql.exec('DELETE FROM state_snapshot WHERE sequence < ?', this.#sequence)
    this.#sql.exec(`DELETE FROM journal WHERE kind = 'input' AND sequence <= ?`, this.#sequence - INPUTS_KEPT)
    this.#sql.exec(
      `DELETE FROM journal WHERE kind = 'record' AND sequence <= ?`,
      this.#sequence - RECORDS_KEPT,
    )
  }
}

const toLine = ({ sequence, at, kind, incident, body }: Row): JournalLine => ({
  sequence,
  at,
  kind: kind === 'input' ? 'input' : 'record',
  incident,
  body: JSON.parse(body) as unknown,
})
