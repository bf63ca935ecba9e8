import { defineConfig } from 'vite'

export default defineConfig({
  root: `${import.meta.dirname}/page`,
  build: {
    outDir: `${import.meta.dirname}/dist/page`,
    emptyOutDir: true,
    target: 'es2023',
    // The content security policy allows files of this origin only, so nothing may be inlined as a data: URL.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})
