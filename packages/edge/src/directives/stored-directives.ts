import { serverDirectivesSchema } from '@paceline/core'
import * as v from 'valibot'
import type { HeldDirectives } from './directive-view.ts'

/** The directives as KV holds them: some seconds behind, or a minute, but there when an isolate knows nothing yet. */
export async function readStored(
  namespace: KVNamespace | undefined,
  now: () => number,
): Promise<HeldDirectives | null> {
  const stored: unknown = await namespace?.get('directives', 'json')
  const parsed = v.safeParse(serverDirectivesSchema, stored)
  if (!parsed.success) return null
  return { directives: parsed.output, ageMs: Math.max(0, now() - parsed.output.issuedAt) }
}
