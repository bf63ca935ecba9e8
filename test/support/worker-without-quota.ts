import { DurableObject } from 'cloudflare:workers'

export { Coordinator, default, EventIngest, ProviderHealth } from './worker-with-limits.ts'

/** A ledger that is out: what isolates let pass then is theirs alone. */
export class Quota extends DurableObject {
  lease(): never {
    throw new Error('the ledger is out')
  }
}
