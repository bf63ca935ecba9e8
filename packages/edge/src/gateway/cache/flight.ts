import type { Failure } from '@paceline/core'
import type { Source } from '../call.ts'
import { weightOfText } from './event-text.ts'

/**
 * One answer under way, for all calls that ask for it at the same time. The first of them leads: it asks, and writes
 * down here what comes. The others read it.
 *
 * Plain data and nothing else: in Workers a promise, a stream or a timer of one request can't be used by another.
 */
export interface Flight {
  readonly askedAt: number
  /**
   * - `asking`: nothing has come yet
   * - `speaking`: a stream is coming in
   * - `landed`: the whole answer is here
   * - `failed`: there is none, and nobody has heard a word of it
   * - `broken`: nothing more will come, though this is not all
   */
  state: 'asking' | 'speaking' | 'landed' | 'failed' | 'broken'
  /** A stream so far, a text for each event, without those that had to make room. */
  readonly events: string[]
  /** How many events have made room for later ones. Those who have not read them yet can't follow any more. */
  dropped: number
  /** An unstreamed answer. */
  text: string | null
  source: Readonly<Source> | null
  /** Why it failed or broke; null where it only can't be shared. */
  failure: Failure | null
  bytes: number
  /** As many bytes as the board has set aside for it. */
  grantedBytes: number
  /** The leader's sign of life. */
  beatAt: number
  /** Who reads it, by call, and until when each of them is known to. */
  readonly readers: Map<string, number>
  /** Until when its memory counts. */
  heldUntil: number
}

export interface FlightLimits {
  /** Most bytes of one answer that is shared or stored. */
  readonly bytes: number
  /** Most bytes of all answers that are under way in this isolate. */
  readonly isolateBytes: number
}

const LIMITS: FlightLimits = { bytes: 262_144, isolateBytes: 16_777_216 }

/** How often a leader gives a sign of life. */
export const BEAT_MS = 250
/** A leader that has been silent for so long is taken for dead: its request may have ended without a word. */
export const DEAD_MS = 2_000
/** For how long a reader counts after it has looked. Its client may be slow, and it only looks when that one has read. */
export const READER_MS = 5_000

const GRANT_BYTES = 16_384

/** All answers that are under way in this isolate. */
export class FlightBoard {
  readonly #limits: FlightLimits
  readonly #byKey = new Map<string, Flight>()
  readonly #all = new Set<Flight>()
  #sweptAt = 0

  constructor(limits = LIMITS) {
    this.#limits = limits
  }

  /** The flight to join: under way, and asked for after the last purge. */
  current(key: string, purgedAt: number, now: number): Flight | null {
    const flight = this.#byKey.get(key)
    if (flight === undefined || flight.askedAt <= purgedAt || now >= flight.beatAt + DEAD_MS) return null
    const isUnderWay = flight.state === 'asking' || flight.state === 'speaking'
    return isUnderWay && flight.dropped === 0 ? flight : null
  }

  /** @param key null for one that nobody may join */
  open(key: string | null, now: number): Flight {
    this.#sweep(now)
    const flight: Flight = {
      askedAt: now,
      state: 'asking',
      events: [],
      dropped: 0,
      text: null,
      source: null,
      failure: null,
      bytes: 0,
      grantedBytes: 0,
      beatAt: now,
      readers: new Map(),
      heldUntil: now + DEAD_MS,
    }
    this.#all.add(flight)
    if (key !== null) this.#byKey.set(key, flight)
    return flight
  }

  /** Nobody joins it any more. */
  close(key: string | null, flight: Flight): void {
    if (key !== null && this.#byKey.get(key) === flight) this.#byKey.delete(key)
  }

  /** Makes room for so many more bytes, or tells that there is none. */
  grow(flight: Flight, bytes: number, now: number): boolean {
    flight.bytes += bytes
    if (flight.bytes > this.#limits.bytes) return false
    if (flight.bytes <= flight.grantedBytes) return true
    const wanted = Math.ceil((flight.bytes - flight.grantedBytes) / GRANT_BYTES) * GRANT_BYTES
    // Added up anew each time: a leader that vanished could never give back what it had taken from a counter.
    let taken = 0
    for (const one of this.#all) if (one.heldUntil > now) taken += one.grantedBytes
    if (taken + wanted > this.#limits.isolateBytes) return false
    flight.grantedBytes += wanted
    return true
  }

  /**
   * Writes an event down. Where the answer outgrows its limit its beginning makes room: those who keep up with it miss
   * nothing, and nobody joins any more.
   *
   * @returns false where the isolate has no room
   */
  write(flight: Flight, event: string, now: number): boolean {
    flight.events.push(event)
    if (this.grow(flight, weightOfText(event), now)) return true
    let cut = 0
    for (const oldest of flight.events) {
      // Half of it at once, since moving the rest up costs as much as there is.
      if (flight.bytes <= flight.grantedBytes / 2) break
      flight.bytes -= weightOfText(oldest)
      cut += 1
    }
    flight.events.splice(0, cut)
    flight.dropped += cut
    return flight.events.length > 0
  }

  #sweep(now: number): void {
    if (now < this.#sweptAt + BEAT_MS) return
    this.#sweptAt = now
    for (const flight of this.#all) if (flight.heldUntil <= now) this.#all.delete(flight)
    for (const [key, flight] of this.#byKey) if (flight.heldUntil <= now) this.#byKey.delete(key)
  }
}

/** Whether anybody reads along. */
export function isRead({ readers }: Flight, now: number): boolean {
  for (const until of readers.values()) if (until > now) return true
  return false
}
