import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The app key of this machine's gateway: made once, kept for its owner alone. */
export function localAppKey(folder: string): string {
  const file = join(folder, 'app-key')
  try {
    const key = readFileSync(file, 'utf8').trim()
    if (key !== '') return key
  } catch {
    // Not there yet.
  }
  const key = `pl_${randomBytes(24).toString('base64url')}`
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(file, `${key}\n`, { mode: 0o600 })
  return key
}
