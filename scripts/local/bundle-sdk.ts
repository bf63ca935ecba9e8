import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const TYPES = `/** The browser SDK as one script, for a page's \`<script async src>\`. */
export declare const source: string
/** The version that it was built from. */
export declare const version: string
/** For the \`integrity\` attribute of a pinned one. https://www.w3.org/TR/SRI/ */
export declare const integrity: string
`

/** Bundles the drop-in script into a module that holds it as text, so that the Worker can carry it along. */
export async function bundleSdk(root: string): Promise<{ source: string }> {
  const folder = join(root, 'packages', 'browser-sdk')
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  const bundle = await build({
    entryPoints: [join(folder, 'src', 'drop-in.ts')],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: ['chrome111', 'firefox115', 'safari16.4'],
    define: { PACELINE_VERSION: JSON.stringify(version) },
    legalComments: 'none',
    logLevel: 'silent',
  })
  const source = bundle.outputFiles[0]?.text ?? ''
  const integrity = `sha384-${createHash('sha384').update(source).digest('base64')}`
  const exported = Object.entries({ source, version, integrity })
    .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)}\n`)
    .join('')
  const target = join(folder, 'dist', 'drop-in')
  mkdirSync(target, { recursive: true })
  writeFileSync(join(target, 'index.js'), exported)
  writeFileSync(join(target, 'index.d.ts'), TYPES)
  return { source }
}
