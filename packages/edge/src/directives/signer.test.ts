import { compactVerify, createLocalJWKSet, decodeProtectedHeader } from 'jose'
import { describe, expect, it } from 'vitest'
import { Signer } from './signer.ts'

describe('the signer of directives', () => {
  it('signs so that its published keys verify it, and nobody else’s do', async () => {
    const signer = new Signer('secret', null)
    const jws = await signer.sign({ version: 3 })
    const { payload, protectedHeader } = await compactVerify(jws, createLocalJWKSet(await signer.keys()))
    expect(JSON.parse(new TextDecoder().decode(payload))).toEqual({ version: 3 })
    expect(protectedHeader.alg).toBe('EdDSA')
    const others = createLocalJWKSet(await new Signer('another', null).keys())
    await expect(compactVerify(jws, others)).rejects.toThrow('no applicable key found')
  })

  it('is the same key from the same secret in every object', async () => {
    const [one, other] = [new Signer('secret', null), new Signer('secret', 'old')]
    expect((await other.keys()).keys[0]).toEqual((await one.keys()).keys[0])
  })

  it('keeps what the previous secret signed good while it is set, and signs with the new one', async () => {
    const old = await new Signer('old', null).sign({ version: 1 })
    const signer = new Signer('new', 'old')
    const set = createLocalJWKSet(await signer.keys())
    await expect(compactVerify(old, set)).resolves.toBeDefined()
    const jws = await signer.sign({ version: 2 })
    await expect(compactVerify(jws, set)).resolves.toBeDefined()
    expect(decodeProtectedHeader(jws).kid).not.toBe(decodeProtectedHeader(old).kid)
  })

  it('publishes no private part', async () => {
    const { keys } = await new Signer('secret', 'old').keys()
    expect(keys.map((key) => Object.keys(key).sort())).toEqual(
      [1, 2].map(() => ['alg', 'crv', 'kid', 'kty', 'use', 'x']),
    )
  })
})
