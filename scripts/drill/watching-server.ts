import { clock } from './until.ts'

/** Directives as they arrived at a connected server. */
export interface Arrival {
  readonly at: number
  readonly version: number
}

export interface WatchingServer {
  readonly arrivals: readonly Arrival[]
  readonly isConnected: () => boolean
  readonly isStale: () => boolean
  close(): Promise<void>
}

/** A backend's middleware that only notes when it hears what. */
export async function startWatchingServer(edge: string, key: string): Promise<WatchingServer> {
  // Imported when it is needed, because it is the build's output.
  const { createPaceline } = await import('@paceline/server-middleware')
  const arrivals: Arrival[] = []
  const paceline = createPaceline({ edge, key, name: 'drill', essential: [] })
  const note = (): void => {
    const { version } = paceline.status().directives
    if (version > (arrivals.at(-1)?.version ?? 0)) arrivals.push({ at: clock(), version })
  }
  paceline.watch(note)
  await paceline.ready()
  note()
  return {
    arrivals,
    isConnected: () => paceline.status().edge?.connected === true,
    isStale: () => paceline.status().directives.stale,
    close: () => paceline.close(),
  }
}
