import type { Version } from '@paceline/core'

/** What an answer's `Server-Timing` says of the call that gave it. */
export interface CallProof {
  /** `CALL.RECEIPT`. */
  readonly proof: string
  /** The newest directives that the edge knew of when it answered. */
  readonly version: Version | undefined
}

const DESCRIPTION = /^([\w-]{1,64}\.[\w-]{1,512})(?:\.(\d{1,15})-(\d{1,15}))?$/

/** Reads `CALL.RECEIPT.VERSION`. */
export function readProof(description: string | undefined): CallProof | undefined {
  const [, proof, epoch, version] = DESCRIPTION.exec(description ?? '') ?? []
  if (proof === undefined) return undefined
  return {
    proof,
    version: epoch === undefined ? undefined : { epoch: Number(epoch), version: Number(version) },
  }
}

/** Finds the entry in a header. https://www.w3.org/TR/server-timing/ */
export const proofInHeader = (header: string | null): CallProof | undefined =>
  readProof(/(?:^|,)\s*paceline\s*;\s*desc="?([^",;\s]+)/.exec(header ?? '')?.[1])
