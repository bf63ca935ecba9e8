import type { Webhook } from './webhook.ts'

/** Sends one message to one receiver; says whether it was taken. */
export type Send = (webhook: Webhook, id: string, body: string) => Promise<boolean>

interface Row extends Record<string, SqlStorageValue> {
  id: string
  webhook: string
  body: string
  tries: number
  due_at: number
  state: string
}

/** First wait after a failed try; it doubles, with jitter, up to the longest. */
const WAIT = { firstMs: 1_000, longestMs: 600_000 } as const
/** Some three hours of trying. */
const MOST_TRIES = 25
const KEEP_MS = 7 * 86_400_000

/**
 * Messages to people, kept before they are sent and tried until they are taken: a receiver that is out delays only its
 * own. A crash while one is on its way sends it again under the same id, by which receivers know it.
 */
export class Outbox {
  readonly #sql: SqlStorage
  readonly #webhooks: readonly Webhook[]
  readonly #send: Send
  readonly #random: () => number
  /** Ids on their way in this life. */
  readonly #sending = new Set<string>()

  constructor(sql: SqlStorage, webhooks: readonly Webhook[], send: Send, random: () => number) {
    this.#sql = sql
    this.#webhooks = webhooks
    this.#send = send
    this.#random = random
    sql.exec(`CREATE TABLE IF NOT EXISTS outbox (
      id TEXT PRIMARY KEY, webhook TEXT NOT NULL, body TEXT NOT NULL, tries INTEGER NOT NULL,
      due_at INTEGER NOT NULL, state TEXT NOT NULL)`)
  }

  /** Keeps a message for every receiver. The same id is kept once. */
  put(id: string, body: unknown, now: number): void {
    for (const { name } of this.#webhooks) {
      this.#sql.exec(
        `INSERT OR IGNORE INTO outbox VALUES (?, ?, ?, 0, ?, 'waiting')`,
        `${id}:${name}`,
        name,
        JSON.stringify(body),
        now,
      )
    }
  }

  /** Tries everything that is due; receivers side by side. */
  async deliver(now: () => number): Promise<void> {
    const due = this.#sql
      .exec<Row>(
        `SELECT * FROM outbox WHERE state = 'waiting' AND due_at <= ? ORDER BY due_at LIMIT 100`,
        now(),
      )
      .toArray()
      .filter(({ id }) => !this.#sending.has(id))
    await Promise.all(due.map((row) => this.#try(row, now)))
    this.#sql.exec(`DELETE FROM outbox WHERE state <> 'waiting' AND due_at < ?`, now() - KEEP_MS)
  }

  /** When the next try is due, in epoch ms. */
  dueAt(): number {
    const [row] = this.#sql
      .exec<{ at: number | null }>(`SELECT MIN(due_at) AS at FROM outbox WHERE state = 'waiting'`)
      .toArray()
    return row?.at ?? Infinity
  }

  async #try({ id, webhook, body, tries }: Row, now: () => number): Promise<void> {
    const receiver = this.#webhooks.find(({ name }) => name === webhook)
    this.#sending.add(id)
    const taken = receiver !== undefined && (await this.#send(receiver, id, body))
    this.#sending.delete(id)
    const longest = Math.min(WAIT.firstMs * 2 ** tries, WAIT.longestMs)
    const state = taken ? 'sent' : tries + 1 >= MOST_TRIES || receiver === undefined ? 'given-up' : 'waiting'
    this.#sql.exec(
      'UPDATE outbox SET state = ?, tries = ?, due_at = ? WHERE id = ?',
      state,
      tries + 1,
      // At least half of it, so that a receiver is never hammered by chance.
      Math.round(now() + (taken ? 0 : longest * (0.5 + this.#random() / 2))),
      id,
    )
  }
}
