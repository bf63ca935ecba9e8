import * as browserScript from '@paceline/browser-sdk/drop-in'
import { createWorker } from '@paceline/edge'
import config from './paceline.config.ts'

export { EventIngest, ProviderHealth } from '@paceline/edge'
export default createWorker(config, { browserScript })
