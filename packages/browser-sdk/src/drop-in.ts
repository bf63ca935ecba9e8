import { isolated } from './isolated.ts'
import type { PacelineOptions } from './options.ts'
import { startPaceline, type Paceline } from './start-paceline.ts'

declare const PACELINE_VERSION: string

/** What a page may leave in `window.paceline` before the script comes: options that no attribute can hold. */
type Prepared = Partial<PacelineOptions>

/**
 * The script for a page's own markup:
 * `<script async src="https://EDGE/paceline.js" data-key="pk_…" data-route="chat"></script>`
 */
isolated(() => {
  const page = window as {
    paceline?: Prepared | (Paceline & { version: string; start: typeof startPaceline })
  }
  const script = document.currentScript as HTMLScriptElement
  const { key = '', route, region, tier } = script.dataset
  const options = {
    edge: new URL(script.src).origin,
    key,
    route,
    region,
    tier,
    ...(page.paceline as Prepared),
  }
  if (options.key === '' || options.key === undefined) {
    // Without a key the page starts it itself.
    page.paceline = { version: PACELINE_VERSION, start: startPaceline } as never
    return
  }
  page.paceline = { ...startPaceline(options), version: PACELINE_VERSION, start: startPaceline }
})()
