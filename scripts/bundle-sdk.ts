import { fileURLToPath } from 'node:url'
import { bundleSdk } from './local/bundle-sdk.ts'

await bundleSdk(fileURLToPath(new URL('..', import.meta.url)))
