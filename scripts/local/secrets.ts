import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What this machine's gateway needs and nobody else knows. */
export interface LocalSecrets {
  /** What apps send. */
  readonly appKey: string
  /** What the page sends; no secret, but made here all the same. */
  readonly browserKey: string
  readonly opsToken: string
  /** Signs directives and receipts. */
  readonly secret: string
}

/** Made once, kept for their owner alone. */
export const localSecrets = (folder: string): LocalSecrets => ({
  appKey: kept(folder, 'app-key', 'pl'),
  browserKey: kept(folder, 'browser-key', 'pk'),
  opsToken: kept(folder, 'ops-token', 'ops'),
  secret: kept(folder, 'secret', 's'),
})

function kept(folder: string, name: string, prefix: string): string {
  const file = join(folder, name)
  try {
    const text = readFileSync(file, 'utf8').trim()
    if (text !== '') return text
  } catch {
    // Not there yet.
  }
  const made = `${prefix}_${randomBytes(24).toString('base64url')}`
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(file, `${made}\n`, { mode: 0o600 })
  return made
}
