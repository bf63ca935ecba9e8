import { execFileSync } from 'node:child_process'
import type { Fault } from '@paceline/mock-provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../support/ask.ts'
import { PATIENCE_MS, PLACES, play } from '../support/places.ts'
import { startStack, wholeTextOf, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

/** Floods that come as fast as they are read, some before the first word and some after. */
const FLOODS = (['comments', 'comment', 'line', 'lines', 'empty-tokens', 'after-finish'] as const).flatMap(
  (of) => [0, 5].map((afterTokens) => ({ kind: 'endless', of, afterTokens }) as const satisfies Fault),
)

/** Memory of the gateway's process, which is this one's child, in MB; null where there is no way to tell. */
function gatewayMegabytes(): number | null {
  try {
    const ids = execFileSync('pgrep', ['-P', String(process.pid), '-x', 'workerd'], { encoding: 'utf8' })
    const sizes = execFileSync('ps', ['-o', 'rss=', '-p', ids.trim().split('\n').join(',')], {
      encoding: 'utf8',
    })
    return Math.max(...sizes.trim().split(/\s+/).map(Number)) / 1_024
  } catch {
    return null
  }
}

describe.each(PLACES)('a client of the $client wire, when $faulty never ends', (place) => {
  const { faulty, healthy } = place

  it.each(FLOODS)(
    'gets a whole answer, or what came and the truth about it: $of after $afterTokens',
    async (fault) => {
      const { seen, account, atFaulty } = await play(stack, place, fault, { stream: true })
      expect(seen.status).toBe(200)
      expect(seen.tookMs).toBeLessThan(2 * PATIENCE_MS)
      // How much is read with the first words depends on the sockets, and so whether they are out already.
      const whole = seen.ending === 'complete'
      const said = [wholeTextOf(healthy), wholeTextOf(faulty)]
      expect(said.some((text) => (whole ? text === seen.text : text.startsWith(seen.text)))).toBe(true)
      expect(account).toMatchObject({ answer: whole ? 'complete' : 'incomplete' })
      expect(seen.ending).toMatch(/^(complete|incomplete)$/)
      // Hung up on; otherwise it would go on for ever.
      expect(atFaulty.map(({ clientLeftAtMs }) => clientLeftAtMs)).not.toContain(null)
    },
  )
})

/** So much has to pass without a trace. */
const FLOOD_BYTES = 200 * 1_048_576

describe('the gateway', () => {
  it.each([
    { kind: 'endless', of: 'comments', afterTokens: 0 },
    { kind: 'endless', of: 'comments', afterTokens: 5 },
    { kind: 'endless', of: 'after-finish', afterTokens: 5 },
  ] as const satisfies readonly Fault[])(
    'keeps its memory while 200 MB of nothing come in: $of after $afterTokens',
    async (fault) => {
      stack.openai.setFault(null, 'patient')
      await ask(stack, 'openai', 'patient', { stream: true })
      const before = gatewayMegabytes()
      stack.openai.setFault(fault, 'patient')
      const caller = new AbortController()
      const asked = ask(stack, 'openai', 'patient', { stream: true, signal: caller.signal }).catch(() => null)
      const flood = stack.openai.nextAttempt(
        ({ bytesSent, clientLeftAtMs }) => bytesSent > FLOOD_BYTES || clientLeftAtMs !== null,
        60_000,
      )
      let most = 0
      const watch = setInterval(() => {
        most = Math.max(most, gatewayMegabytes() ?? 0)
      }, 50)
      await flood
      clearInterval(watch)
      caller.abort()
      await asked
      expect(most - (before ?? 0)).toBeLessThan(128)
    },
    120_000,
  )
})
