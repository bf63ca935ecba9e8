import type { Call } from '../call.ts'
import type { Candidate } from '../candidate.ts'

/** How many output tokens a candidate of another format than the caller's is asked for at most; null where it is the same. */
export const outputLimit = ({ wire, model }: Candidate, { wire: callerWire, request }: Call): number | null =>
  wire.name === callerWire.name ? null : (request.conversation().maxTokens ?? model.maxOutputTokens)
