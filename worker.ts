import { createWorker } from '@paceline/edge'
import config from './paceline.config.ts'

export { ProviderHealth } from '@paceline/edge'
export default createWorker(config)
