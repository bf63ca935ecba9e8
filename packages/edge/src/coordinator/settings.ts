import type { Config, Settings } from '@paceline/core'
import { setUp } from '../gateway/setup.ts'
import type { Webhook } from '../notify/webhook.ts'

type Variables = Readonly<Record<string, unknown>>

/** What the response needs to know of a configuration, with those candidates alone that can take part here. */
export function settingsOf(config: Config, variables: Variables): Settings {
  const routes = setUp(config, variables).routes.map(
    ({ name, candidates, order }) =>
      [
        name,
        {
          candidates: candidates.map(({ id }) => id),
          order,
          targetsMs: Object.fromEntries(candidates.map(({ id, ttfvtTargetMs }) => [id, ttfvtTargetMs])),
        },
      ] as const,
  )
  const settings = { routes: Object.fromEntries(routes), playbooks: config.playbooks }
  return { ...settings, hash: fingerprint(JSON.stringify(settings)) }
}

/** Receivers whose address and secret are set. */
export function webhooksOf({ notify }: Config, variables: Variables): Webhook[] {
  return Object.entries(notify.webhooks).flatMap(([name, { urlFrom, secretFrom }]) => {
    const [url, secret] = [variables[urlFrom], variables[secretFrom]]
    return typeof url === 'string' && URL.canParse(url) && typeof secret === 'string' && secret !== ''
      ? [{ name, url, secret }]
      : []
  })
}

/** FNV-1a: tells settings apart; nobody's safety hangs on it. http://www.isthe.com/chongo/tech/comp/fnv/ */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0
  return hash.toString(16).padStart(8, '0')
}
