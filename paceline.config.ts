import { defineConfig } from '@paceline/core'

/** Real models think and queue before they speak; the mock ones have no such excuse. */
const unhurried = {
  timers: { headersMs: 10_000, firstOutputMs: 15_000, answerMs: 60_000 },
  ttfvtTargetMs: 3_000,
}

/**
 * Who may call, what they may ask for, and who answers. A provider takes part where the variables that it names are
 * set: the mock ones under `npm start`, the real ones wherever their key is.
 */
export default defineConfig({
  providers: {
    openai: { wire: 'openai', baseUrl: 'https://api.openai.com/v1', keyFrom: 'OPENAI_API_KEY' },
    anthropic: { wire: 'anthropic', baseUrl: 'https://api.anthropic.com', keyFrom: 'ANTHROPIC_API_KEY' },
    gemini: {
      wire: 'gemini',
      baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
      keyFrom: 'GEMINI_API_KEY',
    },
    'mock-openai': { wire: 'openai', baseUrlFrom: 'MOCK_OPENAI_URL' },
    'mock-anthropic': { wire: 'anthropic', baseUrlFrom: 'MOCK_ANTHROPIC_URL' },
    'mock-compatible': { wire: 'openai', baseUrlFrom: 'MOCK_COMPATIBLE_URL' },
  },
  models: {
    'gpt-mini': {
      provider: 'openai',
      model: 'gpt-5-mini',
      maxTokensField: 'max_completion_tokens',
      contextTokens: 400_000,
      ...unhurried,
    },
    'claude-haiku': {
      provider: 'anthropic',
      model: 'claude-haiku-4-5',
      contextTokens: 200_000,
      // It can go on with an answer that another model began.
      capabilities: { prefill: true },
      ...unhurried,
    },
    'gemini-flash': {
      provider: 'gemini',
      model: 'gemini-2.5-flash',
      contextTokens: 1_000_000,
      ...unhurried,
    },
    'mock-openai': { provider: 'mock-openai', model: 'mock-large', capabilities: { prefill: true } },
    'mock-anthropic': { provider: 'mock-anthropic', model: 'mock-large', capabilities: { prefill: true } },
    'mock-compatible': { provider: 'mock-compatible', model: 'mock-large', capabilities: { prefill: true } },
  },
  routes: {
    chat: {
      candidates: [
        'gpt-mini',
        'claude-haiku',
        'gemini-flash',
        'mock-openai',
        'mock-anthropic',
        'mock-compatible',
      ],
      // One rider leads until it tires. `share` would let all of them take turns, by health.
      order: 'strict',
      // Existing apps keep the model names that they send today.
      accepts: ['gpt-*', 'claude-*', 'gemini-*'],
      ttfvtTargetMs: 800,
      timers: { headersMs: 1_000, firstOutputMs: 1_000, gapMs: 4_000, answerMs: 20_000 },
    },
  },
  keys: {
    app: { secretFrom: 'PACELINE_APP_KEY' },
  },
  // Stands in the page for everybody to read: it may only post what browsers see, from these origins.
  browserKeys: {
    page: { keyFrom: 'PACELINE_BROWSER_KEY', origins: ['http://127.0.0.1:*', 'http://localhost:*'] },
  },
  operators: {
    'on-call': { tokenFrom: 'PACELINE_OPS_TOKEN' },
  },
  notify: {
    webhooks: { 'on-call': { urlFrom: 'ON_CALL_WEBHOOK_URL', secretFrom: 'ON_CALL_WEBHOOK_SECRET' } },
  },
})
