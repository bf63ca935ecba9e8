import { startPaceline, type Paceline } from '@paceline/browser-sdk'
import * as v from 'valibot'

const answer = v.object({ edge: v.string(), key: v.string(), route: v.string() })

/** The page is worth more than its figures: it waits no longer than this to learn where they go. */
const patienceMs = 2_000

/** Measures the page's answers, and reports them where its server names an edge for it. */
export async function startMeasuring(): Promise<Paceline> {
  return startPaceline(await whereTo())
}

async function whereTo(): Promise<v.InferOutput<typeof answer> | { route: string }> {
  try {
    const response = await fetch('/api/paceline', { signal: AbortSignal.timeout(patienceMs) })
    return v.parse(answer, await response.json())
  } catch {
    return { route: 'chat' }
  }
}
