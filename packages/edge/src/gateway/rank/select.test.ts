import { NEWCOMER, parseConfig } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import { select } from './select.ts'
import { setUp, type Route } from '../setup.ts'
import type { ChatRequest } from '../wire/conversation.ts'
import { anthropicWire } from '../wire/anthropic/wire.ts'
import { openAiWire } from '../wire/openai/wire.ts'

const CONFIG = parseConfig({
  providers: {
    open: { wire: 'openai', baseUrl: 'https://o.test/v1' },
    anth: { wire: 'anthropic', baseUrl: 'https://a.test' },
    absent: { wire: 'openai', baseUrl: 'https://x.test/v1', keyFrom: 'ABSENT_KEY' },
  },
  models: {
    plain: { provider: 'open', model: 'm', capabilities: { tools: false, images: false, jsonSchema: false } },
    full: { provider: 'open', model: 'm' },
    other: { provider: 'anth', model: 'm' },
    absent: { provider: 'absent', model: 'm' },
  },
  routes: {
    chat: { candidates: ['plain', 'full', 'other'], order: 'strict' },
    plain: { candidates: ['plain'] },
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
function chosen(request: ChatRequest, shares = HEALTHY, name = 'chat', wire = openAiWire): readonly string[] {
  const selection = select(request, wire, routeOf(name), shares, {}, () => 0.5)
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

  it('leaves out those that health forbids, and says whether any is permitted', () => {
    expect(chosen(ask(), dead('plain'))).toEqual(['full', 'other'])
    const selection = select(
      ask(),
      openAiWire,
      routeOf('chat'),
      dead('plain', 'full', 'other'),
      {},
      () => 0.5,
    )
    expect(selection).toMatchObject({ permitted: false, candidates: [{ id: 'full' }] })
  })

  it('asks a candidate that is able, however ill, before one that is not', () => {
    const selection = select(ask(TOOLS), openAiWire, routeOf('chat'), dead('full', 'other'), {}, () => 0)
    expect(selection).toMatchObject({ permitted: false, candidates: [{ id: 'full' }] })
  })

  it('names what nobody can serve, and the field', () => {
    expect(select(ask(TOOLS), openAiWire, routeOf('plain'), HEALTHY, {}, () => 0.5)).toMatchObject({
      status: 400,
      code: 'no_capable_candidate',
      message: expect.stringContaining('tools') as unknown,
    })
    const request = ask({ top_k: 5 }, anthropicWire)
    expect(select(request, anthropicWire, routeOf('plain'), HEALTHY, {}, () => 0.5)).toMatchObject({
      param: 'top_k',
      message: expect.stringContaining("'top_k'") as unknown,
    })
  })

  it('names the variables that would bring a provider in', () => {
    expect(select(ask(), openAiWire, routeOf('nobody'), HEALTHY, {}, () => 0.5)).toMatchObject({
      status: 503,
      code: 'not_configured',
      message: expect.stringContaining('ABSENT_KEY') as unknown,
    })
  })

  it('leaves whom directives cap at nothing for the end, and asks nobody else less', () => {
    const caps = { chat: { full: { cap: 0 } }, elsewhere: { plain: { cap: 0 } } }
    const selection = select(ask(), openAiWire, routeOf('chat'), HEALTHY, caps, () => 0.5)
    expect(selection).toMatchObject({ permitted: true })
    const ids = 'candidates' in selection ? selection.candidates.map(({ id }) => id) : []
    expect(ids.at(-1)).toBe('full')
    expect(ids.toSorted()).toEqual(['full', 'other', 'plain'])
  })

  it('says where the first is tried only to see whether it is well again', () => {
    const slow = { ...NEWCOMER, share: 0.01, brownOut: true }
    const selected = (random: number): unknown =>
      select(ask(), openAiWire, routeOf('plain'), { version: 1, shares: { plain: slow } }, {}, () => random)
    // Nobody stands beside it there.
    expect(selected(0)).toMatchObject({ trickle: false })
    const beside = { version: 1, shares: { plain: slow } }
    expect(select(ask(), openAiWire, routeOf('chat'), beside, {}, () => 0.005)).toMatchObject({
      trickle: true,
      candidates: [{ id: 'plain' }, {}, {}],
    })
    const tried = select(ask(), openAiWire, routeOf('chat'), beside, {}, () => 0.5)
    expect(tried).toMatchObject({ trickle: false })
    expect('candidates' in tried && tried.candidates.at(-1)?.id).toBe('plain')
  })
})
