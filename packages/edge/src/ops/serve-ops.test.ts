import { NO_DIRECTIVES } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import type { JournalLine } from '../coordinator/journal.ts'
import { serveOps, type OpsSource } from './serve-ops.ts'

const OPERATORS = [{ secret: new TextEncoder().encode('token'), routes: null }]
const line: JournalLine = {
  sequence: 7,
  at: 1,
  kind: 'record',
  incident: 'incident-1',
  body: { stage: 'analysis' },
}

/** A coordinator that writes down which records it was asked for. */
function source(lines: JournalLine[] = [line]): OpsSource & { asked: unknown[] } {
  const asked: unknown[] = []
  return {
    asked,
    view: () =>
      Promise.resolve({ directives: NO_DIRECTIVES, incidents: [], messages: { waiting: 1, givenUp: 2 } }),
    records: (...rest) => {
      asked.push(rest)
      return Promise.resolve(lines)
    },
  }
}

const ask = (
  path: string,
  from: OpsSource = source(),
  token = 'token',
  operators = OPERATORS,
): Promise<Response> =>
  serveOps(
    new Request(`https://edge/ops/api/${path}`, { headers: { authorization: `Bearer ${token}` } }),
    operators,
    from,
  )

describe('the API for operators', () => {
  it('shows the state, the audit and a single incident', async () => {
    const from = source()
    expect(await (await ask('state', from)).json()).toEqual({
      directives: NO_DIRECTIVES,
      incidents: [],
      messages: { waiting: 1, givenUp: 2 },
    })
    expect(await (await ask('audit?after=3', from)).json()).toEqual({ lines: [line] })
    expect(await (await ask('incidents/incident-1', from)).json()).toEqual({ lines: [line] })
    expect(from.asked).toEqual([
      [null, 3, 1_000],
      ['incident-1', null, 1_000],
    ])
  })

  it('is kept by nobody on the way', async () => {
    expect((await ask('state')).headers.get('cache-control')).toBe('no-store')
  })

  it('is for operators alone, and says so where none is set up', async () => {
    const stranger = await ask('state', source(), 'an app key')
    expect([stranger.status, await stranger.text()]).toEqual([401, expect.stringContaining('operator')])
    expect((await ask('state', source(), 'token', [])).status).toBe(500)
  })

  it('asks nobody for the records of an incident whose name is none', async () => {
    const from = source()
    for (const path of [
      'incidents/',
      'incidents/a%20b',
      'incidents/a/b',
      `incidents/${'x'.repeat(129)}`,
      'else',
    ])
      expect((await ask(path, from)).status).toBe(404)
    expect(from.asked).toEqual([])
  })

  it('does not know an incident of which nothing was written', async () => {
    expect((await ask('incidents/incident-9', source([]))).status).toBe(404)
    expect(await (await ask('incidents/incident-1?after=7', source([]))).json()).toEqual({ lines: [] })
  })

  it.each(['-1', '1.5', 'x', 'Infinity'])('refuses to go on after %s', async (after) => {
    expect((await ask(`audit?after=${after}`)).status).toBe(400)
  })

  it('says when the coordinator is out', async () => {
    const out = {
      view: () => Promise.reject(new Error('out')),
      records: () => Promise.reject(new Error('out')),
    }
    for (const path of ['state', 'audit', 'incidents/incident-1'])
      expect((await ask(path, out)).status).toBe(503)
  })
})
