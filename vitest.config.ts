import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', environment: 'node', include: ['packages/*/src/**/*.test.ts'] } },
      { test: { name: 'system', environment: 'node', include: ['test/**/*.test.ts'] } },
    ],
  },
})
