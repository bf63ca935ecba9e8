import type { EventOf } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import { checkEvent } from './check-event.ts'

const shown = (): EventOf<'ai.turn.shown'> => ({
  specversion: '1.0',
  id: 'e-1',
  source: '/browser/session-1',
  type: 'ai.turn.shown',
  time: '2026-11-22T16:30:00.000Z',
  data: {
    route: 'chat',
    ttfvtMs: 412,
    class: 'visible',
    method: 'element-timing',
    errorMs: 4,
    parts: {
      inputToRequestMs: 1,
      requestToHeadersMs: null,
      headersToDeltaMs: null,
      deltaToDomMs: null,
      domToPixelMs: 8,
    },
  },
})

const SECRET = 'my secret prompt'

describe('checking an event', () => {
  it('takes one that is in order', () => {
    const event = shown()
    expect(checkEvent(event, 'browser')).toEqual({ ok: true, event, unknownFields: 0 })
  })

  it('takes off what it does not know, wherever it stands, and counts it', () => {
    const event = shown()
    const sent = {
      ...event,
      subject: SECRET,
      extension: { deep: [SECRET, SECRET] },
      data: { ...event.data, prompt: SECRET, parts: { ...event.data.parts, more: SECRET } },
    }
    const checked = checkEvent(sent, 'browser')
    expect(checked).toEqual({ ok: true, event, unknownFields: 4 })
    expect(JSON.stringify(checked)).not.toContain(SECRET)
  })

  it('is not led astray by names that every object has', () => {
    const event = shown()
    const sent: unknown = JSON.parse(
      JSON.stringify({ ...event, toString: 1 }).replace('{', '{"__proto__":{"polluted":1},"constructor":2,'),
    )
    expect(checkEvent(sent, 'browser')).toEqual({ ok: true, event, unknownFields: 3 })
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  it.each<[object, string]>([
    [{ specversion: '0.3' }, 'specversion must be "1.0"'],
    [{ id: undefined }, 'id is missing'],
    [{ id: '' }, 'id must be an id of letters'],
    [{ id: SECRET }, 'id must be an id of letters'],
    [{ source: SECRET }, 'source must be /browser/SESSION'],
    [{ type: SECRET }, 'type must be ('],
    [{ time: SECRET }, 'time must be a time such as'],
    [{ data: undefined }, 'data is missing'],
    [{ data: SECRET }, 'data must be an object'],
    [{ data: { ...shown().data, ttfvtMs: SECRET } }, 'data.ttfvtMs must be a number'],
    [{ data: { ...shown().data, ttfvtMs: -1 } }, 'data.ttfvtMs must be >=0'],
    [{ data: { ...shown().data, class: SECRET } }, 'data.class must be ("visible"'],
    [{ data: { ...shown().data, route: SECRET } }, 'data.route must be a name'],
    [{ data: { ...shown().data, proof: SECRET } }, 'data.proof must be of another form'],
    [{ data: { ...shown().data, parts: null } }, 'data.parts must be an object'],
  ])('says what is wrong in %j without quoting it', (change, reason) => {
    const checked = checkEvent({ ...shown(), ...change }, 'browser')
    expect(checked).toMatchObject({
      ok: false,
      verdict: { verdict: 'refused', reason: expect.stringContaining(reason) as string },
    })
    expect(JSON.stringify(checked)).not.toMatch(/secret|prompt/)
  })

  it.each([null, 7, SECRET, [], [SECRET], {}, { [SECRET]: SECRET }])(
    'refuses %j, which is no event',
    (sent) => {
      const checked = checkEvent(sent, 'browser')
      expect(checked).toMatchObject({ ok: false, verdict: { id: null, verdict: 'refused' } })
      expect(JSON.stringify(checked)).not.toMatch(/secret|prompt/)
    },
  )

  it('names the id of an event that it refuses', () => {
    expect(checkEvent({ id: 'e-1', source: 7 }, 'browser')).toMatchObject({ verdict: { id: 'e-1' } })
  })

  it('lets nobody speak for others', () => {
    const mode = {
      ...shown(),
      type: 'server.mode.changed',
      data: { from: 'normal', to: 'degraded', cause: 'local' },
    }
    expect(checkEvent(mode, 'browser')).toMatchObject({ ok: false })
    expect(checkEvent(mode, 'server')).toMatchObject({ ok: false })
    expect(checkEvent({ ...mode, source: '/server/a' }, 'browser')).toMatchObject({ ok: false })
    expect(checkEvent({ ...mode, source: '/server/a' }, 'server')).toMatchObject({ ok: true })
    expect(checkEvent(shown(), 'server')).toMatchObject({
      verdict: { reason: expect.stringContaining('/server/') as string },
    })
  })
})
