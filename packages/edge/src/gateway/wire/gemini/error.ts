import type { Failure, Phase } from '@paceline/core'
import * as v from 'valibot'
import { classify } from '../classify.ts'
import { errorSchema } from './schema.ts'

export function parseGeminiError(status: number | null, body: unknown, phase: Phase): Failure {
  // Some addresses send it in a list of one.
  const parsed = v.safeParse(errorSchema, Array.isArray(body) ? body[0] : body)
  const error = parsed.success ? parsed.output.error : null
  const details = error?.details ?? []
  const reason = details.find((detail) => detail.reason)?.reason ?? null
  const failure = classify({
    status,
    phase,
    message: error?.message ?? null,
    // In band the status is told by the error alone.
    code: status === null ? String(error?.code ?? '') : reason,
    type: error?.status ?? null,
    param: null,
  })
  const waitMs = retryDelayMs(details.find((detail) => detail.retryDelay)?.retryDelay ?? null)
  return waitMs === null ? failure : { ...failure, retryAfterMs: waitMs }
}

const LONGEST_WAIT_MS = 3_600_000

/** A duration as protobuf spells it in JSON, such as `8.5s`. https://protobuf.dev/reference/protobuf/google.protobuf/#duration */
function retryDelayMs(delay: string | null): number | null {
  const seconds = /^(\d{1,9}(?:\.\d{1,9})?)s$/.exec(delay ?? '')?.[1]
  return seconds === undefined ? null : Math.min(Number(seconds) * 1_000, LONGEST_WAIT_MS)
}
