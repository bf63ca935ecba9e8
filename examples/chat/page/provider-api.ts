import * as v from 'valibot'
import { providerList, type ProviderState } from '../src/chat-event.ts'
import type { Condition } from '../src/condition.ts'

/** The riders and how they are. Undefined when the server can't say. */
export async function fetchProviders(): Promise<readonly ProviderState[] | undefined> {
  return read(fetch('/api/providers'))
}

/** Tires, hangs or mends a mock provider, and returns how everyone is afterwards. */
export async function changeCondition(
  id: string,
  condition: Condition,
): Promise<readonly ProviderState[] | undefined> {
  return read(
    fetch(`/api/providers/${encodeURIComponent(id)}/condition`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ condition }),
    }),
  )
}

async function read(pending: Promise<Response>): Promise<readonly ProviderState[] | undefined> {
  try {
    const response = await pending
    return response.ok ? v.parse(providerList, await response.json()).providers : undefined
  } catch {
    return undefined
  }
}
