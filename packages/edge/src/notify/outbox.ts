import { log } from '../log.ts'
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
/** Some two hours of trying. */
const MOST_TRIES = 25
const KEEP_MS = 7 * 86_400_000
/** Longer than any try takes: one that is not over by then was cut off by a crash. */
const TRY_MS = 15_000

/**
 * Messages to people, kept before they are sent and tried until they are taken. Receivers are served side by side, so
 * that one that is out delays only its own; each is sent one message after the other, in their order: what closes an
 * incident never passes what opened it. A crash while one is on its way sends it again under the same id, by which
 * receivers know it.
 */
export class Outbox {
  readonly #sql: SqlStorage
  readonly #webhooks: readonly Webhook[]
  readonly #send: Send
  readonly #random: () => number
  /** Receivers that are being served in this life, and until when the try may take. */
  readonly #serving = new Map<string, number>()

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

  /** Tries everything that is due and is not being tried already. Never throws. */
  async deliver(now: () => number): Promise<void> {
    this.#sql.exec(`DELETE FROM outbox WHERE due_at < ?`, now() - KEEP_MS)
    const idle = this.#webhooks.filter(({ name }) => !this.#serving.has(name))
    await Promise.all(idle.map((webhook) => this.#serve(webhook, now)))
  }

  /** When the next try is due, in epoch ms. */
  dueAt(): number {
    const waiting = this.#webhooks.map(
      (webhook) => this.#serving.get(webhook.name) ?? this.#oldest(webhook)?.due_at ?? Infinity,
    )
    return Math.min(Infinity, ...waiting)
  }

  /** How many messages have yet to be taken, and how many never were within the last days. */
  counts(): { waiting: number; givenUp: number } {
    const rows = this.#sql
      .exec<{ webhook: string; state: string; count: number }>(
        `SELECT webhook, state, count(*) AS count FROM outbox WHERE state <> 'sent' GROUP BY webhook, state`,
      )
      .toArray()
      .filter((row) => this.#webhooks.some(({ name }) => name === row.webhook))
    const sum = (state: string): number =>
      rows.reduce((total, row) => total + (row.state === state ? row.count : 0), 0)
    return { waiting: sum('waiting'), givenUp: sum('given-up') }
  }

  async #serve(webhook: Webhook, now: () => number): Promise<void> {
    try {
      for (
        let row = this.#oldest(webhook);
        row !== undefined && row.due_at <= now();
        row = this.#oldest(webhook)
      )
        await this.#try(webhook, row, now)
    } finally {
      this.#serving.delete(webhook.name)
    }
  }

  /** The message whose turn it is. While it rests, those behind it wait. */
  #oldest({ name }: Webhook): Row | undefined {
    return this.#sql
      .exec<Row>(`SELECT * FROM outbox WHERE webhook = ? AND state = 'waiting' ORDER BY rowid LIMIT 1`, name)
      .toArray()[0]
  }

  async #try(webhook: Webhook, { id, body, tries }: Row, now: () => number): Promise<void> {
    const until = now() + TRY_MS
    this.#serving.set(webhook.name, until)
    // Written before it is sent, so that it is due again where this life ends in the middle.
    this.#sql.exec('UPDATE outbox SET tries = ?, due_at = ? WHERE id = ?', tries + 1, until, id)
    const taken = await this.#send(webhook, id, body).catch(() => false)
    const state = taken ? 'sent' : tries + 1 >= MOST_TRIES ? 'given-up' : 'waiting'
    // Whoever is not told can't know it; the log is where an operator finds out why the pager is silent.
    if (state === 'given-up') log('notify.given-up', { webhook: webhook.name, message: id, tries: tries + 1 })
    else if (!taken && tries === 0) log('notify.failed', { webhook: webhook.name, message: id, tries: 1 })
    const longest = Math.min(WAIT.firstMs * 2 ** tries, WAIT.longestMs)
    this.#sql.exec(
      'UPDATE outbox SET state = ?, due_at = ? WHERE id = ?',
      state,
      // At least half of it, so that a receiver is never hammered by chance.
      Math.round(now() + (taken ? 0 : longest * (0.5 + this.#random() / 2))),
      id,
    )
  }
}
