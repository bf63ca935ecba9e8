import { createHash } from 'node:crypto'
import { source, version } from '@paceline/browser-sdk/drop-in'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startStack, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

describe('/paceline.js', () => {
  it('is the script, and who has it is not sent it again', async () => {
    const response = await fetch(`${stack.url}/paceline.js`)
    expect(await response.text()).toBe(source)
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    const etag = response.headers.get('etag') ?? ''
    const again = await fetch(`${stack.url}/paceline.js`, { headers: { 'if-none-match': etag } })
    expect(again.status).toBe(304)
    // So that its integrity can be copied from where it is served.
    expect(etag).toContain(createHash('sha384').update(source).digest('base64'))
  })

  it('is described to HEAD', async () => {
    const response = await fetch(`${stack.url}/paceline.js`, { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('javascript')
    expect(await response.text()).toBe('')
  })

  it('stays as it is under the name of its version', async () => {
    const response = await fetch(`${stack.url}/paceline-${version}.js`)
    expect(await response.text()).toBe(source)
    expect(response.headers.get('cache-control')).toContain('immutable')
  })

  it('is not there under the name of another version', async () => {
    const response = await fetch(`${stack.url}/paceline-0.0.0.js`)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({
      detail: expect.stringContaining(`/paceline-${version}.js`) as string,
    })
  })
})
