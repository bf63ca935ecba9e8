import * as browserScript from '@paceline/browser-sdk/drop-in'
import { createCoordinator, createWorker } from '@paceline/edge'
import { drillConfig } from './drill-config.ts'

export { EventIngest, ProviderHealth, Quota } from '@paceline/edge'
export const Coordinator = createCoordinator(drillConfig)
export default createWorker(drillConfig, { browserScript })
