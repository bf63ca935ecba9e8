import type { EventsAnswer, Verdict } from '@paceline/core'
import { KEYS, type Stack } from './stack.ts'

/** An event as a page sends it: a first visible token after 412 ms. */
export function shown(id: string, data: object = {}, more: object = {}): Record<string, unknown> {
  return {
    specversion: '1.0',
    id,
    source: '/browser/session-1',
    type: 'ai.turn.shown',
    time: '2026-11-22T16:30:00.000Z',
    data: {
      route: 'shared',
      ttfvtMs: 412,
      class: 'visible',
      method: 'element-timing',
      errorMs: 4,
      parts: {
        inputToRequestMs: null,
        requestToHeadersMs: null,
        headersToDeltaMs: null,
        deltaToDomMs: null,
        domToPixelMs: 8,
      },
      ...data,
    },
    ...more,
  }
}

/** An event as a server sends it. */
export const modeChanged = (id: string, more: object = {}): Record<string, unknown> => ({
  specversion: '1.0',
  id,
  source: '/server/api-1',
  type: 'server.mode.changed',
  time: '2026-11-22T16:30:00.000Z',
  data: { from: 'normal', to: 'conserving', cause: 'local' },
  ...more,
})

export const PAGE = 'https://app.example.com'

export const BROWSER = { origin: PAGE, authorization: `Bearer ${KEYS.browser}` }
export const SERVER = { authorization: `Bearer ${KEYS.app}` }

export function post(
  stack: Stack,
  headers: Readonly<Record<string, string>>,
  body: unknown,
): Promise<Response> {
  return fetch(`${stack.url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

/** Sends events and expects a verdict on each. */
export async function send(
  stack: Stack,
  headers: Readonly<Record<string, string>>,
  events: readonly unknown[],
): Promise<readonly Verdict[]> {
  const response = await post(stack, headers, events)
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
  return ((await response.json()) as EventsAnswer).verdicts
}
