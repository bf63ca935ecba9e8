import type { Config, Sender } from '@paceline/core'
import type { Receipts } from '../receipt/receipts.ts'

/** A key of those who may send events. */
export interface SenderKey {
  /** As the configuration names it. */
  readonly name: string
  readonly sender: Sender
  readonly secret: Uint8Array
  /** Where a browser's key may be used; empty for servers. */
  readonly origins: readonly string[]
}

/** A configuration joined with its environment, as far as events are concerned. */
export interface IngestSetup {
  readonly keys: readonly SenderKey[]
  /** What each candidate is held to, in ms, by route and candidate. */
  readonly targets: ReadonlyMap<string, ReadonlyMap<string, number>>
  /** Null where no secret is set: then no receipt is issued, and none is asked for. */
  readonly receipts: Receipts | null
  readonly bodyMs: number
}

export function setUpIngest(
  config: Config,
  environment: Readonly<Record<string, unknown>>,
  receipts: Receipts | null,
): IngestSetup {
  const toKey = (name: string, sender: Sender, variable: string, origins: readonly string[]): SenderKey[] => {
    const value = environment[variable]
    if (typeof value !== 'string' || value === '') return []
    return [{ name: `${sender}:${name}`, sender, secret: new TextEncoder().encode(value), origins }]
  }
  return {
    keys: [
      ...Object.entries(config.browserKeys).flatMap(([name, { keyFrom, origins }]) =>
        toKey(name, 'browser', keyFrom, origins),
      ),
      // Last, and thus found first: what is secret somewhere never counts as publishable.
      ...Object.entries(config.keys).flatMap(([name, { secretFrom }]) =>
        toKey(name, 'server', secretFrom, []),
      ),
    ],
    targets: new Map(
      Object.entries(config.routes).map(([name, { candidates, ttfvtTargetMs }]) => [
        name,
        new Map(candidates.map((id) => [id, config.models[id]?.ttfvtTargetMs ?? ttfvtTargetMs])),
      ]),
    ),
    receipts,
    bodyMs: config.limits.bodyMs,
  }
}
