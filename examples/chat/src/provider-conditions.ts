import * as v from 'valibot'
import { conditionOf, faultOf, type Condition, type ObservedCondition } from './condition.ts'
import type { ProviderState } from './chat-event.ts'

export interface ChatProvider {
  readonly id: string
  readonly name: string
  /** Where a mock provider takes its orders; real providers have none. */
  readonly controlUrl?: string
}

const controlTimeoutMs = 2_000

const fault = v.object({ kind: v.string() })
/** A mock tells one fault, several, or none. */
const controlState = v.object({ fault: v.nullable(v.union([v.array(fault), fault])) })

/** Every provider with its present condition, asked of the mocks themselves: somebody else may have changed it. */
export function listProviders(providers: readonly ChatProvider[]): Promise<ProviderState[]> {
  return Promise.all(
    providers.map(async ({ id, name, controlUrl }) => ({
      id,
      name,
      controllable: controlUrl !== undefined,
      condition: controlUrl === undefined ? 'fresh' : await readCondition(controlUrl),
    })),
  )
}

async function readCondition(controlUrl: string): Promise<ObservedCondition> {
  try {
    const response = await fetch(new URL('/control', controlUrl), {
      signal: AbortSignal.timeout(controlTimeoutMs),
    })
    if (!response.ok) return 'unreachable'
    const state = v.parse(controlState, await response.json())
    return conditionOf([state.fault ?? []].flat())
  } catch {
    return 'unreachable'
  }
}

/** Tells a mock provider what to play from now on. Throws when it does not take the order. */
export async function setCondition(controlUrl: string, condition: Condition): Promise<void> {
  const fault = faultOf(condition)
  const response = await fetch(new URL('/control/fault', controlUrl), {
    signal: AbortSignal.timeout(controlTimeoutMs),
    ...(fault === undefined
      ? { method: 'DELETE' }
      : { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(fault) }),
  })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`The mock provider answered ${response.status} to its control call.`)
}
