import { isolated } from './isolated.ts'
import type { PacelineOptions } from './options.ts'
import type { LoadNotice } from './show-notices.ts'
import { startPaceline, type Paceline } from './start-paceline.ts'
import { whenIdle } from './when-idle.ts'

declare const PACELINE_VERSION: string

/** What a page may leave in `window.paceline` before the script comes: options that no attribute can hold. */
type Prepared = Partial<PacelineOptions>

interface DropIn extends Partial<Paceline> {
  readonly version: string
  readonly start: (options: PacelineOptions) => Paceline
}

/**
 * The script for a page's own markup:
 * `<script async src="https://EDGE/paceline.js" data-key="pk_…" data-route="chat"></script>`
 */
isolated(() => {
  const page = window as { paceline?: Prepared | DropIn }
  const script = document.currentScript as HTMLScriptElement
  const { origin: edge } = new URL(script.src)
  const notice = (failures: number): string => `${edge}/paceline-notice-${PACELINE_VERSION}.js?${failures}`
  const load: LoadNotice = (failures) => import(notice(failures)) as never
  const start = (options: PacelineOptions): Paceline => startPaceline(options, load)
  // Its attributes are options by their names: `data-key`, `data-route`, `data-region`, `data-tier`.
  const options: PacelineOptions = { edge, ...(script.dataset as Prepared), ...(page.paceline as Prepared) }
  // Into the HTTP cache, so that it is at hand on the bad day.
  isolated(async () => {
    await whenIdle()
    await (await fetch(notice(0))).text()
  })()
  // Without a key the page starts it itself.
  page.paceline = { ...(options.key && start(options)), version: PACELINE_VERSION, start }
})()
