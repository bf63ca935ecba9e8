import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as v from 'valibot'
import { publicKeySchema } from './key-source.ts'

const diskCopySchema = v.object({
  /** When the document was received, in epoch ms. The file's own dates change when it is copied. */
  receivedAt: v.number(),
  /** The document as it came, with its signature: a file is trusted no more than the network. */
  jws: v.string(),
  /** The edge's keys; null where they are pinned. */
  keys: v.nullable(v.array(publicKeySchema)),
})

/** The last good directives as they outlive the process. */
export type DiskCopy = v.InferOutput<typeof diskCopySchema>

/** Null where there is no copy, or none that can be read. */
export async function loadDiskCopy(path: string): Promise<DiskCopy | null> {
  try {
    const parsed = v.safeParse(diskCopySchema, JSON.parse(await readFile(path, 'utf8')))
    return parsed.success ? parsed.output : null
  } catch {
    return null
  }
}

/**
 * Writes the whole copy or nothing of it, readable for this user alone.
 *
 * @throws where the folder can't be written to
 */
export async function saveDiskCopy(path: string, copy: DiskCopy): Promise<void> {
  // Processes that share a path must not write into each other's file.
  const draft = `${path}.${randomUUID()}.tmp`
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(draft, JSON.stringify(copy), { mode: 0o600, flush: true })
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

/**
 * How old a copy is, in ms. A copy from the future was written under another clock: its age is not known, so that
 * nothing in it that runs out may count as running.
 */
export const ageOfCopy = ({ receivedAt }: DiskCopy, epochNow: number): number =>
  receivedAt > epochNow + 60_000 ? Number.POSITIVE_INFINITY : Math.max(0, epochNow - receivedAt)
