import { DurableObject } from 'cloudflare:workers'
import { createWorker } from '@paceline/edge'
import { drillConfig } from './drill-config.ts'

export { EventIngest, ProviderHealth, Quota } from '@paceline/edge'

/** Dead: whatever is asked of it fails. */
export class Coordinator extends DurableObject {
  observe(): never {
    throw new Error('the coordinator is dead')
  }

  override fetch(): Response {
    return new Response(null, { status: 503 })
  }
}
export default createWorker(drillConfig)
