import { DurableObject } from 'cloudflare:workers'

export { Coordinator, default, EventIngest, Quota } from './worker.ts'

/** A ProviderHealth that is out: what isolates do then is theirs alone. */
export class ProviderHealth extends DurableObject {
  report(): never {
    throw new Error('health is out')
  }
}
