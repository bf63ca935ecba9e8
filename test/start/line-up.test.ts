import { parseConfig } from '@paceline/core'
import { expect, it } from 'vitest'
import { lineUp, variablesOf } from '../../scripts/local/line-up.ts'

const config = parseConfig({
  providers: {
    unkeyed: { wire: 'openai', baseUrl: 'http://127.0.0.1:11434/v1' },
    keyed: { wire: 'openai', baseUrl: 'https://api.example/v1', keyFrom: 'KEYED_API_KEY' },
    mock: { wire: 'anthropic', baseUrlFrom: 'MOCK_URL' },
  },
  models: {
    large: { provider: 'keyed', model: 'large' },
    small: { provider: 'keyed', model: 'small' },
    mock: { provider: 'mock', model: 'any' },
    local: { provider: 'unkeyed', model: 'any' },
  },
  routes: {
    chat: { candidates: ['large', 'mock', 'local', 'small'] },
    other: { candidates: ['local'] },
  },
  keys: { app: { secretFrom: 'APP_KEY' } },
})

it('lists each provider once, in the order of the route, where its variables are set', () => {
  expect(lineUp(config, 'chat', { KEYED_API_KEY: 'x', MOCK_URL: 'http://127.0.0.1:1' })).toEqual([
    { id: 'keyed', by: 'KEYED_API_KEY' },
    { id: 'mock', by: 'MOCK_URL' },
    { id: 'unkeyed', by: 'http://127.0.0.1:11434/v1' },
  ])
})

it('leaves out those whose variables are missing or empty', () => {
  expect(lineUp(config, 'chat', { KEYED_API_KEY: '' }).map(({ id }) => id)).toEqual(['unkeyed'])
})

it('hands the Worker the variables that the configuration names, and no others', () => {
  expect(variablesOf(config, { KEYED_API_KEY: 'x', APP_KEY: 'k', HOME: '/root' })).toEqual({
    KEYED_API_KEY: 'x',
    APP_KEY: 'k',
  })
})
