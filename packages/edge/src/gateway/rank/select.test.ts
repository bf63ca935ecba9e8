import { NEWCOMER, parseConfig } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import { select, type Outlook } from './select.ts'
import { setUp, type Route } from '../setup.ts'
import type { ChatRequest } from '../wire/conversation.ts'
import { anthropicWire } from '../wire/anthropic/wire.ts'
import { openAiWire } from '../wire/openai/wire.ts'

const CONFIG = parseConfig({
  providers: {
    open: { wire: 'openai', baseUrl: 'https://o.test/v1' },
    anth: { wire: 'anthropic', baseUrl: 'https://a.test' },
    gem: { wire: 'gemini', baseUrl: 'https://g.test/v1beta' },
    absent: { wire: 'openai', baseUrl: 'https://x.test/v1', keyFrom: 'ABSENT_KEY' },
  },
  models: {
    plain: { provider: 'open', model: 'm', capabilities: { tools: false, images: false, jsonSchema: false } },
    full: { provider: 'open', model: 'm' },
    other: { provider: 'anth', model: 'm' },
    gem: { provider: 'gem', model: 'm' },
    absent: { provider: 'absent', model: 'm' },
  },
  routes: {
    chat: { candidates: ['plain', 'full', 'other'], order: 'strict' },
    plain: { candidates: ['plain'] },
    mixed: { candidates: ['other', 'gem'], order: 'strict' },
    nobody: { candidates: ['absent'] },
  },
  keys: { app: { secretFrom: 'KEY' } },
})

function routeOf(name: string): Route {
  const route = setUp(CONFIG, {}).routes.find((one) => one.name === name)
  if (route === undefined) throw new Error('no such route')
  return route
}
function ask(fields: object = {}, wire = openAiWire): ChatRequest {
  const parsed = wire.parseRequest({
    model: 'chat',
    max_tokens: 5,
    messages: [{ role: 'user', content: 'x' }],
    ...fields,
  })
  if (!parsed.ok) throw new Error(parsed.bad.message)
  return parsed.value
}
const HEALTHY = { version: 0, shares: {} }
const dead = (...ids: readonly string[]): typeof HEALTHY => ({
  version: 1,
  shares: Object.fromEntries(ids.map((id) => [id, { ...NEWCOMER, share: 0, generation: 1 }])),
})
const outlook = (given: Partial<Outlook> = {}): Outlook => ({
  shares: HEALTHY,
  caps: {},
  criticality: 'interactive',
  mayHedge: true,
  random: () => 0.5,
  ...given,
})
function chosen(request: ChatRequest, shares = HEALTHY, name = 'chat', wire = openAiWire): readonly string[] {
  const selection = select(request, wire, routeOf(name), outlook({ shares }))
  if ('code' in selection) throw new Error(selection.message)
  return selection.candidates.map(({ id }) => id)
}

const TOOLS = { tools: [{ type: 'function', function: { name: 'f' } }] }
const SCHEMA = { response_format: { type: 'json_schema', json_schema: { name: 's', schema: {} } } }
const IMAGE = {
  messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://i.test' } }] }],
}

describe('selecting candidates', () => {
  it('takes all of them for a request that needs nothing', () => {
    expect(chosen(ask())).toEqual(['plain', 'full', 'other'])
  })

  it.each([
    ['tools', TOOLS],
    ['a JSON schema', SCHEMA],
    ['images', IMAGE],
  ])('leaves out those that can not serve %s', (_, fields) => {
    expect(chosen(ask(fields))).toEqual(['full', 'other'])
  })

  it('leaves out other formats when the request can not be translated', () => {
    expect(chosen(ask({ seed: 5 }))).toEqual(['plain', 'full'])
    expect(chosen(ask({ top_k: 5 }, anthropicWire), HEALTHY, 'chat', anthropicWire)).toEqual(['other'])
  })

  it('leaves out each candidate whose own format has no words for the request', () => {
    expect(chosen(ask(), HEALTHY, 'mixed')).toEqual(['other', 'gem'])
    expect(chosen(ask({ temperature: 1.5 }), HEALTHY, 'mixed')).toEqual(['gem'])
    const oneByOne = { ...TOOLS, parallel_tool_calls: false }
    expect(chosen(ask(oneByOne), HEALTHY, 'mixed')).toEqual(['other'])
    const both = ask({ ...oneByOne, temperature: 1.5 })
    expect(select(both, openAiWire, routeOf('mixed'), outlook())).toMatchObject({
      status: 400,
      code: 'no_capable_candidate',
      param: null,
      message: expect.stringContaining('tools, a temperature above 1, one tool call at a time.') as unknown,
    })
  })

  it('leaves out those that health forbids, and says whether any is permitted', () => {
    expect(chosen(ask(), dead('plain'))).toEqual(['full', 'other'])
    const selection = select(
      ask(),
      openAiWire,
      routeOf('chat'),
      outlook({ shares: dead('plain', 'full', 'other') }),
    )
    expect(selection).toMatchObject({ permitted: false, candidates: [{ id: 'full' }] })
  })

  it('asks a candidate that is able, however ill, before one that is not', () => {
    const selection = select(
      ask(TOOLS),
      openAiWire,
      routeOf('chat'),
      outlook({ shares: dead('full', 'other'), random: () => 0 }),
    )
    expect(selection).toMatchObject({ permitted: false, candidates: [{ id: 'full' }] })
  })

  it('names what nobody can serve, and the field', () => {
    expect(select(ask(TOOLS), openAiWire, routeOf('plain'), outlook())).toMatchObject({
      status: 400,
      code: 'no_capable_candidate',
      message: expect.stringContaining('tools') as unknown,
    })
    const request = ask({ top_k: 5 }, anthropicWire)
    expect(select(request, anthropicWire, routeOf('plain'), outlook())).toMatchObject({
      param: 'top_k',
      message: expect.stringContaining("'top_k'") as unknown,
    })
  })

  it('names the variables that would bring a provider in', () => {
    expect(select(ask(), openAiWire, routeOf('nobody'), outlook())).toMatchObject({
      status: 503,
      code: 'not_configured',
      message: expect.stringContaining('ABSENT_KEY') as unknown,
    })
  })

  it('leaves whom directives cap at nothing for the end, and asks nobody else less', () => {
    const caps = { chat: { full: { cap: 0 } }, elsewhere: { plain: { cap: 0 } } }
    const selection = select(ask(), openAiWire, routeOf('chat'), outlook({ caps }))
    expect(selection).toMatchObject({ permitted: true })
    const ids = 'candidates' in selection ? selection.candidates.map(({ id }) => id) : []
    expect(ids.at(-1)).toBe('full')
    expect(ids.toSorted()).toEqual(['full', 'other', 'plain'])
  })

  it('says where the first is tried only to see whether it is well again', () => {
    const slow = { ...NEWCOMER, share: 0.01, brownOut: true }
    const selected = (random: number): unknown =>
      select(
        ask(),
        openAiWire,
        routeOf('plain'),
        outlook({ shares: { version: 1, shares: { plain: slow } }, random: () => random }),
      )
    // Nobody stands beside it there.
    expect(selected(0)).toMatchObject({ trickle: false })
    const beside = { version: 1, shares: { plain: slow } }
    expect(
      select(ask(), openAiWire, routeOf('chat'), outlook({ shares: beside, random: () => 0.005 })),
    ).toMatchObject({
      trickle: true,
      candidates: [{ id: 'plain' }, {}, {}],
    })
    const tried = select(ask(), openAiWire, routeOf('chat'), outlook({ shares: beside }))
    expect(tried).toMatchObject({ trickle: false })
    expect('candidates' in tried && tried.candidates.at(-1)?.id).toBe('plain')
  })

  it.each<[string, Partial<Outlook>, Partial<Route>]>([
    ['is critical', { criticality: 'critical' }, {}],
    ['may have no second attempt beside the first', { mayHedge: false }, {}],
    ['may make one attempt only', {}, { maxAttempts: 1 }],
  ])('tries no slow candidate with a request that %s', (_, more, route) => {
    const shares = { version: 1, shares: { plain: { ...NEWCOMER, share: 0.01, brownOut: true } } }
    const given = outlook({ shares, random: () => 0.005, ...more })
    for (const order of ['strict', 'share'] as const) {
      const selection = select(ask(), openAiWire, { ...routeOf('chat'), ...route, order }, given)
      expect(selection).toMatchObject({ trickle: false })
      expect('candidates' in selection && selection.candidates.at(-1)?.id).toBe('plain')
    }
  })
})
