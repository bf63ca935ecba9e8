import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Outbox, type Send } from './outbox.ts'
import type { Webhook } from './webhook.ts'

/** Any object will do: it lends its storage. */
const namespace = (env as unknown as { EVENT_INGEST: DurableObjectNamespace }).EVENT_INGEST

const START = Date.UTC(2100, 0, 1)
const DAY = 86_400_000
const webhook = (name: string): Webhook => ({ name, url: `https://${name}.example`, secret: 'whsec_AAAA' })

interface Rig {
  readonly sql: SqlStorage
  /** What each receiver was sent, as `receiver id`. */
  readonly sent: string[]
  now: number
  /** An outbox over the same storage, as after a restart. */
  readonly open: (send?: Send, ...names: string[]) => Outbox
  /** Moves on to when the outbox wants to be looked at, so many times. */
  readonly goOn: (outbox: Outbox, times: number) => Promise<void>
}

function within(work: (rig: Rig) => Promise<void>): Promise<void> {
  return runInDurableObject(namespace.get(namespace.newUniqueId()), async (_instance, { storage }) => {
    const sent: string[] = []
    const rig: Rig = {
      sql: storage.sql,
      sent,
      now: START,
      open(send = () => Promise.resolve(true), ...names) {
        const receivers = (names.length === 0 ? ['slack'] : names).map(webhook)
        const noted: Send = (to, id, body) => {
          sent.push(`${to.name} ${id}`)
          return send(to, id, body)
        }
        return new Outbox(storage.sql, receivers, noted, () => 0.5)
      },
      async goOn(outbox, times) {
        for (let time = 0; time < times; time += 1) {
          rig.now = Math.max(rig.now, outbox.dueAt())
          await outbox.deliver(() => rig.now)
        }
      },
    }
    await work(rig)
  })
}

/** What is said in the log from here on. */
function listen(): unknown[] {
  const said: unknown[] = []
  vi.spyOn(console, 'error').mockImplementation((line: string) => void said.push(JSON.parse(line)))
  return said
}

afterEach(() => {
  vi.restoreAllMocks()
})

const refuse: Send = () => Promise.resolve(false)

describe('the outbox', () => {
  it('sends a message once to each receiver, under an id of its own', () =>
    within(async ({ open, sent }) => {
      const outbox = open(undefined, 'slack', 'pager')
      outbox.put('m-1', { text: 'x' }, START)
      outbox.put('m-1', { text: 'x' }, START)
      await outbox.deliver(() => START)
      await outbox.deliver(() => START + DAY)
      outbox.put('m-1', { text: 'x' }, START + DAY)
      await outbox.deliver(() => START + DAY)
      expect(sent.toSorted()).toEqual(['pager m-1:pager', 'slack m-1:slack'])
      expect(outbox.dueAt()).toBe(Infinity)
    }))

  it('tries again under the same id, and waits twice as long each time', () =>
    within(async (rig) => {
      const outbox = rig.open(refuse)
      outbox.put('m-1', {}, START)
      const waits: number[] = []
      for (let time = 0; time < 5; time += 1) {
        await rig.goOn(outbox, 1)
        waits.push(outbox.dueAt() - rig.now)
      }
      expect(waits).toEqual([750, 1_500, 3_000, 6_000, 12_000])
      expect(new Set(rig.sent)).toEqual(new Set(['slack m-1:slack']))
    }))

  it('gives up after 25 tries, over some two hours', () =>
    within(async (rig) => {
      const outbox = rig.open(refuse)
      outbox.put('m-1', {}, START)
      await rig.goOn(outbox, 25)
      expect(rig.sent).toHaveLength(25)
      expect(outbox.dueAt()).toBe(Infinity)
      expect(rig.now - START).toBeGreaterThan(1.9 * 3_600_000)
      await outbox.deliver(() => rig.now + 3_600_000)
      expect(rig.sent).toHaveLength(25)
    }))

  it('logs the first failure of a message and its end, and nothing of what is in between', () =>
    within(async (rig) => {
      const said = listen()
      const outbox = rig.open(refuse)
      outbox.put('m-1', { text: 'private' }, START)
      await rig.goOn(outbox, 1)
      const first = { event: 'notify.failed', webhook: 'slack', message: 'm-1:slack', tries: 1 }
      expect(said).toEqual([first])
      await rig.goOn(outbox, 24)
      expect(said).toEqual([first, { ...first, event: 'notify.given-up', tries: 25 }])
    }))

  it('counts what waits and what was given up, of receivers that are set up', () =>
    within(async (rig) => {
      rig.open(refuse, 'gone').put('m-1', {}, START)
      const outbox = rig.open(({ name }) => Promise.resolve(name === 'pager'), 'slack', 'pager')
      expect(outbox.counts()).toEqual({ waiting: 0, givenUp: 0 })
      outbox.put('m-1', {}, START)
      expect(outbox.counts()).toEqual({ waiting: 2, givenUp: 0 })
      await rig.goOn(outbox, 1)
      expect(outbox.counts()).toEqual({ waiting: 1, givenUp: 0 })
      await rig.goOn(outbox, 24)
      expect(outbox.counts()).toEqual({ waiting: 0, givenUp: 1 })
    }))

  it('takes a receiver that breaks for one that refuses', () =>
    within(async (rig) => {
      const outbox = rig.open(() => Promise.reject(new Error('broken')))
      outbox.put('m-1', {}, START)
      await rig.goOn(outbox, 2)
      expect(rig.sent).toHaveLength(2)
    }))

  it('lets a receiver that keeps silent delay no other, neither now nor later', () =>
    within(async (rig) => {
      const silence = new Promise<boolean>(() => undefined)
      const outbox = rig.open(
        ({ name }) => (name === 'dead' ? silence : Promise.resolve(true)),
        'dead',
        'slack',
      )
      for (let message = 0; message < 120; message += 1) outbox.put(`early-${message}`, {}, START)
      void outbox.deliver(() => rig.now)
      rig.now += 1
      outbox.put('late', {}, rig.now)
      void outbox.deliver(() => rig.now)
      for (let turn = 0; turn < 1_000; turn += 1) await Promise.resolve()
      const { sent } = rig
      expect(sent.filter((one) => one.startsWith('slack'))).toHaveLength(121)
      expect(sent.filter((one) => one.startsWith('dead'))).toEqual(['dead early-0:dead'])
      // Nothing is due that is not being done: an alarm for it would go off again and again.
      expect(outbox.dueAt()).toBeGreaterThan(START + 10_000)
    }))

  it('sends each receiver its messages in their order', () =>
    within(async (rig) => {
      const outbox = rig.open()
      for (const id of ['opened', 'needs-person', 'closed']) outbox.put(id, {}, START)
      await outbox.deliver(() => START)
      expect(rig.sent).toEqual(['slack opened:slack', 'slack needs-person:slack', 'slack closed:slack'])
    }))

  it('lets no message pass an older one that its receiver has refused so far', () =>
    within(async (rig) => {
      let refusals = 1
      const outbox = rig.open(() => Promise.resolve(refusals-- <= 0))
      outbox.put('opened', {}, START)
      await outbox.deliver(() => START)
      rig.now = START + 10
      outbox.put('closed', {}, rig.now)
      await outbox.deliver(() => rig.now)
      expect(rig.sent).toEqual(['slack opened:slack'])
      expect(outbox.dueAt()).toBe(START + 750)
      await rig.goOn(outbox, 1)
      expect(rig.sent).toEqual(['slack opened:slack', 'slack opened:slack', 'slack closed:slack'])
    }))

  it('goes on to the next message once it has given one up', () =>
    within(async (rig) => {
      const outbox = rig.open((_, id) => Promise.resolve(id !== 'opened:slack'))
      for (const id of ['opened', 'closed']) outbox.put(id, {}, START)
      await rig.goOn(outbox, 25)
      expect(rig.sent.slice(-2)).toEqual(['slack opened:slack', 'slack closed:slack'])
      expect(outbox.dueAt()).toBe(Infinity)
    }))

  it('sends again under the same id what a crash cut off, and counts that try', () =>
    within(async (rig) => {
      const cut = rig.open(() => new Promise(() => undefined))
      cut.put('m-1', {}, START)
      void cut.deliver(() => START)
      const restarted = rig.open()
      expect(restarted.dueAt()).toBe(START + 15_000)
      await rig.goOn(restarted, 1)
      expect(rig.sent).toEqual(['slack m-1:slack', 'slack m-1:slack'])
      expect(rig.sql.exec('SELECT state, tries FROM outbox').toArray()).toEqual([{ state: 'sent', tries: 2 }])
    }))

  it('leaves alone what was meant for a receiver that is no longer set up, until it is old', () =>
    within(async (rig) => {
      rig.open(refuse, 'gone').put('m-1', {}, START)
      const outbox = rig.open(undefined, 'slack')
      expect(outbox.dueAt()).toBe(Infinity)
      await outbox.deliver(() => START + 8 * DAY)
      expect(rig.sent).toEqual([])
      expect(rig.sql.exec('SELECT id FROM outbox').toArray()).toEqual([])
    }))
})
