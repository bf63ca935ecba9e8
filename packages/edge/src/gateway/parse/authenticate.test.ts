import { describe, expect, it } from 'vitest'
import { authenticate } from './authenticate.ts'
import type { Secret } from '../setup.ts'

const key = (secret: string): Secret => ({
  secret: new TextEncoder().encode(secret),
})
const KEYS = [key('secret-one'), key('secret-two')]
const ask = (
  headers: Record<string, string>,
  keys: readonly Secret[] = KEYS,
): ReturnType<typeof authenticate> => authenticate(new Headers(headers), keys)

describe('authenticating a caller', () => {
  it.each<[Record<string, string>, string]>([
    [{ authorization: 'Bearer secret-one' }, 'secret-one'],
    [{ authorization: 'bearer secret-two' }, 'secret-two'],
    [{ authorization: 'BEARER   secret-two' }, 'secret-two'],
    [{ 'x-api-key': 'secret-one' }, 'secret-one'],
    [{ 'x-api-key': '', authorization: 'Bearer secret-one' }, 'secret-one'],
  ])('knows the key in %j', (headers, secret) => {
    expect(ask(headers)).toEqual(key(secret))
  })

  it.each<[Record<string, string>]>([
    [{}],
    [{ authorization: '' }],
    [{ authorization: 'Basic secret-one' }],
    [{ authorization: 'secret-one' }],
    [{ 'x-api-key': '' }],
  ])('asks for a key where %j holds none', (headers) => {
    expect(ask(headers)).toMatchObject({ status: 401, code: 'missing_key', retryable: false })
  })

  it.each(['secret-on', 'secret-one1', 'Secret-one', 'secret-onf', 'x', 'secret-two secret-one', '\u{e9}'])(
    'does not know %j',
    (sent) => {
      expect(ask({ authorization: `Bearer ${sent}` })).toMatchObject({ status: 401, code: 'unknown_key' })
    },
  )

  it('never repeats what was sent', () => {
    expect(JSON.stringify(ask({ authorization: 'Bearer hunter2' }))).not.toContain('hunter2')
  })

  it('says that the gateway has no key rather than that the caller is wrong', () => {
    expect(ask({ authorization: 'Bearer x' }, [])).toMatchObject({ status: 500, code: 'not_configured' })
  })
})
