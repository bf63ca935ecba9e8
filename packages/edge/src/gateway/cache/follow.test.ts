import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Failure, Outcome } from '@paceline/core'
import type { Answer, Call } from '../call.ts'
import { sleep } from '../sleep.ts'
import type { StreamEvent } from '../wire/part.ts'
import { spellEvent } from './event-text.ts'
import { BEAT_MS, DEAD_MS, FlightBoard, isRead, type Flight } from './flight.ts'
import { follow } from './follow.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

const SOURCE = { provider: 'openai', model: 'm', answer: 'complete' } as const
const text = (words: string): string => spellEvent([{ kind: 'text', text: words }])
const open = (): Flight => new FlightBoard().open('key', Date.now())
const options = { now: () => Date.now(), sleep }

function caller(limits: Partial<Call> = {}): Call {
  return {
    id: 'follower',
    deadlineAt: Date.now() + 60_000,
    signal: new AbortController().signal,
    ...limits,
  } as Call
}

const following = (flight: Flight, call = caller()): Promise<Outcome<Answer> | null> =>
  follow(flight, call, options)

/** The leader gives signs of life for so long. */
async function beating(flight: Flight, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += BEAT_MS) {
    flight.beatAt = Date.now()
    await vi.advanceTimersByTimeAsync(BEAT_MS)
  }
}

/** What a follower is told, as it is told it. */
function listen(outcome: Outcome<Answer> | null): {
  words: () => string
  failure: () => Failure | null
  over: () => boolean
} {
  if (outcome?.ok !== true || outcome.value.kind !== 'stream') throw new Error('there is no stream')
  const { events } = outcome.value
  const told: StreamEvent[] = []
  let over = false
  void (async () => {
    for await (const batch of events) told.push(...batch)
    over = true
  })()
  const parts = () => told.flatMap((event) => event.parts)
  return {
    words: () =>
      parts()
        .map((part) => (part.kind === 'text' ? part.text : ''))
        .join(''),
    failure: () => parts().find((part) => part.kind === 'error')?.failure ?? null,
    over: () => over,
  }
}

function speak(flight: Flight, words: string): void {
  flight.source = SOURCE
  flight.events.push(text(words))
  flight.state = 'speaking'
}

describe('a call that follows another', () => {
  it('is told what was said before and what is said then, up to the end', async () => {
    const flight = open()
    const joined = following(flight)
    speak(flight, 'one')
    await vi.advanceTimersByTimeAsync(50)
    const heard = listen(await joined)
    await vi.advanceTimersByTimeAsync(0)
    expect(heard.words()).toBe('one')
    speak(flight, ' two')
    await vi.advanceTimersByTimeAsync(50)
    expect(heard.words()).toBe('one two')
    expect(heard.over()).toBe(false)
    flight.state = 'landed'
    await vi.advanceTimersByTimeAsync(50)
    expect([heard.over(), heard.failure()]).toEqual([true, null])
  })

  it('learns of the first word within a tenth of the time that it took, and 50 ms', async () => {
    const flight = open()
    let at = 0
    void following(flight).then(() => (at = Date.now()))
    await beating(flight, 500)
    speak(flight, 'one')
    const spokenAt = Date.now()
    await vi.advanceTimersByTimeAsync(100)
    expect(at - spokenAt).toBeLessThanOrEqual(50)
  })

  it('gets an unstreamed answer when it is there', async () => {
    const flight = open()
    const joined = following(flight)
    flight.source = SOURCE
    flight.text = '{"a":1}'
    flight.state = 'landed'
    await vi.advanceTimersByTimeAsync(50)
    expect(await joined).toEqual({
      ok: true,
      value: { kind: 'whole', source: SOURCE, text: '{"a":1}', isPlain: false },
    })
  })

  it.each(['failed', 'broken'] as const)('has to ask for itself when the other one has %s', async (state) => {
    const flight = open()
    const joined = following(flight)
    flight.state = state
    await vi.advanceTimersByTimeAsync(50)
    expect(await joined).toBeNull()
  })

  it('has to ask for itself when the other one gives no sign of life any more', async () => {
    const flight = open()
    let outcome: unknown
    void following(flight).then((value) => (outcome = value))
    await beating(flight, 10_000)
    expect(outcome).toBeUndefined()
    await vi.advanceTimersByTimeAsync(DEAD_MS + 100)
    expect(outcome).toBeNull()
  })

  it('takes nobody for dead because everything stood still', async () => {
    const flight = open()
    let outcome: unknown
    void following(flight).then((value) => (outcome = value))
    await beating(flight, 1_000)
    vi.setSystemTime(Date.now() + 60_000)
    await beating(flight, 1_000)
    // Its own time is up by now, which is something else.
    expect(outcome).toMatchObject({ ok: false, failure: { kind: 'deadline' } })
  })

  it('ends as incomplete when it has heard a part and the other one dies', async () => {
    const flight = open()
    speak(flight, 'one')
    const heard = listen(await following(flight))
    await vi.advanceTimersByTimeAsync(DEAD_MS + 200)
    expect(heard.words()).toBe('one')
    expect([heard.over(), heard.failure()?.kind]).toEqual([true, 'truncated'])
  })

  it('ends as incomplete, for the same reason, when the answer breaks off; what came before is told first', async () => {
    const flight = open()
    speak(flight, 'one')
    const heard = listen(await following(flight))
    speak(flight, ' two')
    flight.failure = { kind: 'timeout', phase: 'stream', message: 'silent' }
    flight.state = 'broken'
    await vi.advanceTimersByTimeAsync(50)
    expect(heard.words()).toBe('one two')
    expect(heard.failure()).toEqual(flight.failure)
  })

  it('ends as incomplete when it was too slow to keep up with an answer that is too large to be held', async () => {
    const flight = open()
    speak(flight, 'one')
    const heard = listen(await following(flight))
    await vi.advanceTimersByTimeAsync(0)
    flight.dropped = 2
    flight.events.splice(0, 1, text('three'))
    await vi.advanceTimersByTimeAsync(50)
    expect([heard.words(), heard.failure()?.kind]).toEqual(['one', 'truncated'])
  })

  it('has to ask for itself when the beginning is no longer held', async () => {
    const flight = open()
    speak(flight, 'two')
    flight.dropped = 1
    expect(await following(flight)).toBeNull()
  })

  it('is over at its own deadline', async () => {
    const flight = open()
    const joined = following(flight, caller({ deadlineAt: Date.now() + 500 }))
    await beating(flight, 750)
    expect(await joined).toMatchObject({ ok: false, failure: { kind: 'deadline' } })
  })

  it('is over in the middle of an answer at its own deadline', async () => {
    const flight = open()
    speak(flight, 'one')
    const heard = listen(await following(flight, caller({ deadlineAt: Date.now() + 500 })))
    await beating(flight, 750)
    expect(heard.failure()?.kind).toBe('deadline')
  })

  it('counts as a reader until its caller leaves', async () => {
    const flight = open()
    const client = new AbortController()
    const joined = following(flight, caller({ signal: client.signal }))
    await beating(flight, 1_000)
    expect(isRead(flight, Date.now())).toBe(true)
    client.abort()
    await vi.advanceTimersByTimeAsync(50)
    expect(await joined).toMatchObject({ ok: false, failure: { kind: 'client-left' } })
    expect(isRead(flight, Date.now())).toBe(false)
  })

  it('says by the end how the answer came to be, as its leader knows it by then', async () => {
    const flight = open()
    speak(flight, 'one')
    const outcome = await following(flight)
    listen(outcome)
    flight.source = { provider: 'anthropic', model: 'n', answer: 'continued' }
    flight.events.push(text(' two'))
    flight.state = 'landed'
    await vi.advanceTimersByTimeAsync(50)
    expect(outcome).toMatchObject({ value: { source: { provider: 'anthropic', answer: 'continued' } } })
  })
})
