import type { Config, Settings } from '@paceline/core'
import { setUp } from '../gateway/setup.ts'
import { log } from '../log.ts'
import { signingBytes, type Webhook } from '../notify/webhook.ts'

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

/**
 * Receivers that can be told. One that is set up by half is left out, and the log says what to mend: nobody would notice
 * before the night on which it should have rung.
 */
export function webhooksOf({ notify }: Config, variables: Variables): Webhook[] {
  return Object.entries(notify.webhooks).flatMap(([name, { urlFrom, secretFrom }]) => {
    const [url, secret] = [textOf(variables[urlFrom]), textOf(variables[secretFrom])]
    // Without either it is not meant to take part here.
    if (url === '' && secret === '') return []
    const mend = [
      ...(/^https?:/.test(url) && URL.canParse(url) ? [] : [`set ${urlFrom} to an address (https://…)`]),
      ...(signingBytes(secret) === null ? [`set ${secretFrom} to whsec_ and 24 to 64 bytes in base64`] : []),
    ]
    if (mend.length === 0) return [{ name, url, secret }]
    log('notify.misconfigured', { webhook: name, mend: mend.join('; ') })
    return []
  })
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** FNV-1a: tells settings apart; nobody's safety hangs on it. http://www.isthe.com/chongo/tech/comp/fnv/ */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0
  return hash.toString(16).padStart(8, '0')
}
