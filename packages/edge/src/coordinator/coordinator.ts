import { DurableObject } from 'cloudflare:workers'
import {
  directivesOf,
  dueAt,
  isNewer,
  reportSchema,
  type Config,
  type Effect,
  type Incident,
  type Input,
  type ServerDirectives,
  type Version,
} from '@paceline/core'
import * as v from 'valibot'
import { Signer } from '../directives/signer.ts'
import type { ProviderHealth } from '../health/provider-health.ts'
import { healthOf, regionsHeard } from '../health/region.ts'
import { framesOf, log } from '../log.ts'
import { Outbox } from '../notify/outbox.ts'
import { deliver } from '../notify/webhook.ts'
import { storedCount } from '../stored-value.ts'
import { Journal, ReducerBug, type JournalLine } from './journal.ts'
import { SlowWriter } from './slow-writer.ts'
import { settingsOf, webhooksOf } from './settings.ts'

interface Bindings {
  readonly PROVIDER_HEALTH: DurableObjectNamespace<ProviderHealth>
  readonly DIRECTIVES?: KVNamespace
  readonly PACELINE_SECRET?: string
  readonly PACELINE_SECRET_PREVIOUS?: string
}

/** What operators see of the response at one moment. */
export interface ResponseView {
  readonly directives: ServerDirectives
  readonly incidents: readonly Incident[]
  /** To people: those that wait for their receiver, and those that it never took. */
  readonly messages: { readonly waiting: number; readonly givenUp: number }
}

/** KV takes one write a second for each key. https://developers.cloudflare.com/kv/platform/limits/ */
const KV_WRITE_EVERY_MS = 1_100
/** What failed once would fail again at once. */
const AFTER_BUG_MS = 1_000
/** Kept longer than any reader would trust it. */
const KV_TTL_S = 86_400

/**
 * The one that responds: it takes in what was seen, keeps a journal of it, and carries out what the reducer wants done.
 * The request path never waits for it.
 */
export class Coordinator extends DurableObject<Bindings> {
  #journal: Journal
  readonly #outbox: Outbox
  readonly #signer: Signer | null
  readonly #kv: SlowWriter | null
  #alarmAt = 0
  #leastWaitMs: number = 5
  /** One publication after the other, since signing takes its time and no older one may overtake. */
  #publishing: Promise<void> = Promise.resolve()

  constructor(state: DurableObjectState, environment: Bindings, config: Config) {
    super(state, environment)
    const { sql } = state.storage
    const variables = environment as unknown as Readonly<Record<string, unknown>>
    this.#journal = new Journal(sql)
    const send: ConstructorParameters<typeof Outbox>[2] = (webhook, id, body) =>
      deliver(webhook, id, body, Date.now())
    this.#outbox = new Outbox(sql, webhooksOf(config, variables), send, Math.random)
    const { PACELINE_SECRET: secret, PACELINE_SECRET_PREVIOUS: previous, DIRECTIVES: namespace } = environment
    this.#signer = secret === undefined || secret === '' ? null : new Signer(secret, previous ?? null)
    this.#kv =
      namespace === undefined
        ? null
        : new SlowWriter(
            (text) => namespace.put('directives', text, { expirationTtl: KV_TTL_S }),
            KV_WRITE_EVERY_MS,
          )
    state.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'))
    const settings = settingsOf(config, variables)
    const published = storedCount(state.storage.kv, 'published') ?? 0
    const wentBack = this.#journal.state.version < published
    // Another version of the code made less of the same past: readers have heard more than it knows of.
    if (wentBack) this.#journal.begin()
    const { state: past } = this.#journal
    const isNew = wentBack || this.#journal.isNew
    // Readers never go back, so a coordinator without a past has to stand above the one that had it.
    const epoch = isNew ? this.#now() : past.epoch
    if (isNew) state.storage.kv.delete('published')
    if (isNew || past.settings?.hash !== settings.hash) this.#take({ kind: 'configured', settings, epoch })
    this.#take({ kind: 'elapsed' })
    // What was decided before a crash may not have reached anybody.
    this.#publish()
    this.#afterwards()
  }

  /**
   * Takes in a report; the same one again changes nothing.
   *
   * @returns the directives, where they are newer than those that the writer knows of
   */
  observe(report: unknown, known: Version | null = null): ServerDirectives | null {
    const parsed = v.safeParse(reportSchema, report)
    // Writers are ours: a report that doesn't fit is one of another version, and asking again won't mend it.
    if (parsed.success) this.#take({ kind: 'reported', report: parsed.output })
    else log('coordinator.report-refused', { field: v.getDotPath(parsed.issues[0]) })
    this.#afterwards()
    const directives = this.#directives()
    return known !== null && isNewer(directives, known) ? directives : null
  }

  /**
   * The signed directives as of now, for a server that asks; null where no secret is set.
   *
   * @param known what the server holds: the same again is not signed anew
   */
  async signed(known: Version | null = null): Promise<{ version: Version; jws: string | null } | null> {
    if (this.#signer === null) return null
    const directives = this.#directives()
    const { epoch, version } = directives
    const isSame = known?.epoch === epoch && known.version === version
    return { version: { epoch, version }, jws: isSame ? null : await this.#signer.sign(directives) }
  }

  async keys(): Promise<string | null> {
    return this.#signer === null ? null : JSON.stringify(await this.#signer.keys())
  }

  view(): ResponseView {
    return {
      directives: this.#directives(),
      incidents: Object.values(this.#journal.state.incidents),
      messages: this.#outbox.counts(),
    }
  }

  /** What was written down, of one incident or of all: the newest lines, or those after a sequence; oldest first. */
  records(incident: string | null, after: number | null, limit: number): JournalLine[] {
    return this.#journal.records(incident, after, limit)
  }

  /** A server that wants to be told of every change. */
  override async fetch(request: Request): Promise<Response> {
    if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket')
      return new Response(null, { status: 426, headers: { upgrade: 'websocket' } })
    const { 0: client, 1: server } = new WebSocketPair()
    // Hibernation: an idle object with open sockets costs nothing.
    this.ctx.acceptWebSocket(server)
    const signed = await this.signed()
    if (typeof signed?.jws === 'string') server.send(signed.jws)
    return new Response(null, { status: 101, webSocket: client })
  }

  override webSocketClose(socket: WebSocket): void {
    socket.close()
  }

  override alarm(): void {
    this.#alarmAt = 0
    this.#take({ kind: 'elapsed' })
    // Not waited for: while a receiver keeps silent no other alarm could go off.
    this.ctx.waitUntil(this.#outbox.deliver(Date.now).then(() => this.#afterwards()))
    this.#afterwards()
  }

  #now(): number {
    return this.#journal.time(Date.now())
  }

  #directives(): ServerDirectives {
    return directivesOf(this.#journal.state, this.#now())
  }

  #take(input: Input): void {
    const now = Date.now()
    let effects: readonly Effect[] = []
    try {
      this.ctx.storage.transactionSync(() => {
        const { version } = this.#journal.state
        effects = this.#journal.append(input, now)
        if (this.#journal.state.version !== version)
          this.ctx.storage.kv.put('published', this.#journal.state.version)
        for (const effect of effects)
          if (effect.kind === 'notify') this.#outbox.put(effect.id, effect.message, now)
      })
    } catch (error) {
      // The same again would fail again: it is dropped, so that those behind it get through.
      if (error instanceof ReducerBug) {
        this.#leastWaitMs = AFTER_BUG_MS
        return log('coordinator.bug', { input: input.kind, stack: framesOf(error.cause) })
      }
      // What was not written down must not be remembered either.
      this.#journal = new Journal(this.ctx.storage.sql)
      throw error
    }
    for (const effect of effects) this.#carryOut(effect)
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'publish':
        return this.#publish()
      case 'notify': {
        const { type, incident, briefing } = effect.message
        // People without a receiver at least find it in the log.
        log(type, { incident, headline: briefing.headline })
      }
    }
  }

  /** Tells every reader what the directives say now. Each takes only what is newer, so saying it twice is harmless. */
  #publish(): void {
    const published = this.#publishing.then(() => this.#tellReaders())
    // A reader that can't be told hears it with the next one, or asks.
    this.#publishing = published.catch(() => undefined)
    this.ctx.waitUntil(this.#publishing)
  }

  async #tellReaders(): Promise<void> {
    const directives = this.#directives()
    const { PROVIDER_HEALTH: objects } = this.env
    // Not waited for: while one keeps silent, the others and servers are told all the same, of this change and the next.
    for (const region of regionsHeard(Object.keys(this.#journal.state.heard)))
      this.ctx.waitUntil(
        Promise.resolve(healthOf(objects, region).publish(directives)).catch(() => undefined),
      )
    this.#kv?.write(JSON.stringify(directives))
    if (this.#signer !== null) {
      const jws = await this.#signer.sign(directives)
      for (const socket of this.ctx.getWebSockets()) {
        try {
          socket.send(jws)
        } catch {
          // It is closing; its owner will come back and ask.
        }
      }
    }
  }

  /** One alarm for everything that wants to be looked at later; messages to people go out at once. */
  #afterwards(): void {
    // At least a moment from now, so that something overdue can't keep the object busy.
    const due = this.#journal.clockAt(dueAt(this.#journal.state))
    const at = Math.max(Math.min(due, this.#outbox.dueAt()), Date.now() + this.#leastWaitMs)
    // One that goes off too early only looks again. One that is overdue must not be put off by every report.
    if (this.#alarmAt !== 0 && this.#alarmAt <= at) return
    this.#alarmAt = at
    // One that could not be set must not be taken for set.
    this.ctx.waitUntil(this.ctx.storage.setAlarm(at).catch(() => void (this.#alarmAt = 0)))
  }
}

export type CoordinatorClass = new (state: DurableObjectState, environment: Bindings) => Coordinator

/** The coordinator of an app's configuration, to be exported by its Worker. */
export function createCoordinator(config: Config): CoordinatorClass {
  return class extends Coordinator {
    constructor(state: DurableObjectState, environment: Bindings) {
      super(state, environment, config)
    }
  }
}
