import * as browserScript from '@paceline/browser-sdk/drop-in'
import { createCoordinator, createWorker } from '@paceline/edge'
import config from './paceline.config.ts'

export { EventIngest, ProviderHealth, Quota } from '@paceline/edge'
export const Coordinator = createCoordinator(config)
export default createWorker(config, { browserScript })
