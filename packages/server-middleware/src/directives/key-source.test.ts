import { exportJWK, generateKeyPair } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { fetchedKeys, KEY_FETCHING, readKeySet, type KeySource, type PublicKey } from './key-source.ts'

let first: PublicKey
let second: PublicKey
async function newKey(kid: string): Promise<PublicKey> {
  const { publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const { x = '' } = await exportJWK(publicKey)
  return { kty: 'OKP', crv: 'Ed25519', x, kid }
}
beforeAll(async () => {
  first = await newKey('first')
  second = await newKey('second')
})

function edgeThat(answers: () => readonly PublicKey[] | null) {
  const clock = { nowMs: 0, now: () => clock.nowMs }
  const asked = { times: 0 }
  const source = fetchedKeys(() => {
    asked.times += 1
    return Promise.resolve(answers())
  }, clock)
  return { source, clock, asked }
}
const knows = async (source: KeySource, kid: string): Promise<boolean> =>
  typeof (await source.keyFor(kid)) === 'object'

describe('keys of the edge', () => {
  it('are fetched once for many documents', async () => {
    const { source, asked } = edgeThat(() => [first])
    for (let document = 0; document < 10; document += 1) expect(await knows(source, 'first')).toBe(true)
    expect(asked.times).toBe(1)
  })

  it('are fetched again for a key that is not known, within a rate', async () => {
    let published = [first]
    const { source, clock, asked } = edgeThat(() => published)
    await source.keyFor('first')
    for (let document = 0; document < 10; document += 1) expect(await source.keyFor('second')).toBe('unknown')
    expect(asked.times).toBe(1)
    published = [first, second]
    clock.nowMs += KEY_FETCHING.notWithinMs
    expect(await knows(source, 'second')).toBe(true)
    expect(asked.times).toBe(2)
  })

  it('are no longer trusted once the edge has taken them back', async () => {
    let published = [first, second]
    const { source, clock } = edgeThat(() => published)
    expect(await knows(source, 'first')).toBe(true)
    published = [second]
    clock.nowMs += KEY_FETCHING.goodForMs
    expect(await source.keyFor('first')).toBe('unknown')
  })

  it('stay trusted while the edge can’t be asked', async () => {
    let published: PublicKey[] | null = [first]
    const { source, clock } = edgeThat(() => published)
    expect(await knows(source, 'first')).toBe(true)
    published = null
    clock.nowMs += 10 * KEY_FETCHING.goodForMs
    expect(await knows(source, 'first')).toBe(true)
    expect(await source.keyFor('second')).toBe('unreachable')
  })

  it('that can’t be used are as good as none', async () => {
    const { source } = edgeThat(() => [{ ...first, x: 'not a key' }])
    expect(await source.keyFor('first')).toBe('unknown')
  })

  it('of the last start help until the edge says more', async () => {
    const { source } = edgeThat(() => null)
    source.restore([first])
    expect(await knows(source, 'first')).toBe(true)
    expect(source.learnt()).toEqual([first])
  })
})

describe('readKeySet', () => {
  it('keeps those that can sign directives', () => {
    const other = { kty: 'RSA', kid: 'rsa', n: 'AQAB', e: 'AQAB' }
    expect(readKeySet({ keys: [other, { ...first, alg: 'EdDSA', use: 'sig' }] })).toEqual([first])
  })

  it.each([null, [], {}, { keys: 'none' }])('makes nothing of %j', (value) => {
    expect(readKeySet(value)).toBeNull()
  })
})
