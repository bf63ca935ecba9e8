import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Inspector } from '../inspector.ts'
import type { Contestant } from '../load/contestant.ts'
import { jsonLoad, streamLoad, throughputRound } from './throughput.ts'

const WARM_UP_MS = 1_500
const SAMPLE_EVERY_US = 200

/** Writes where the Worker's own time goes under each load, as files for the profiler of Chromium's developer tools. */
export async function profilePaceline(
  paceline: Contestant,
  inspectorPort: number,
  folder: string,
  lastsMs: number,
): Promise<string[]> {
  const inspector = await Inspector.connect(inspectorPort, 'paceline')
  try {
    await inspector.call('Profiler.enable')
    await inspector.call('Profiler.setSamplingInterval', { interval: SAMPLE_EVERY_US })
    const files: string[] = []
    for (const [name, load] of [
      ['json', jsonLoad(32)],
      ['streams', streamLoad(64)],
    ] as const) {
      const times = { warmUpMs: WARM_UP_MS, measuredMs: lastsMs }
      const loaded = throughputRound([paceline], load, times, () => undefined)
      await wait(WARM_UP_MS)
      await inspector.call('Profiler.start')
      await loaded
      const { profile } = await inspector.call<{ profile: object }>('Profiler.stop')
      const file = join(folder, `${name}.cpuprofile`)
      writeFileSync(file, JSON.stringify(profile))
      files.push(file)
    }
    return files
  } finally {
    inspector.close()
  }
}
