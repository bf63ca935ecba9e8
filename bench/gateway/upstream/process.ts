import { startMockProvider } from '@paceline/mock-provider'
import { composeAnswers } from './answers.ts'
import type { Addresses, UpstreamSettings } from './messages.ts'
import { startFastUpstream, type Pace } from './fast-upstream.ts'

// Runs in a process of its own, so that it can have a processor of its own; parent and child talk by messages.
const settings = JSON.parse(process.argv[2] ?? '{}') as UpstreamSettings
let pace: Pace = { firstTokenMs: 0, gapMs: 0 }
const fastPort = await startFastUpstream(composeAnswers(settings.text, settings.chunks), () => pace)
const [primary, alternate] = await Promise.all(
  ['primary', 'alternate'].map((name, place) =>
    startMockProvider({
      name,
      seed: settings.seed + place,
      texts: [settings.text],
      delays: { headersMs: 0, firstTokenMs: settings.firstTokenMs, tokenMs: 2, jitter: settings.jitter },
    }),
  ),
)
process.on('message', (message: Pace) => {
  pace = message
  process.send?.('paced')
})
// Without a parent there is nobody left to answer.
process.on('disconnect', () => process.exit(0))
const addresses: Addresses = {
  fast: `http://127.0.0.1:${fastPort}`,
  primary: primary?.url ?? '',
  alternate: alternate?.url ?? '',
}
process.send?.(addresses)
