import { describe, expect, it } from 'vitest'
import { serveScript } from './serve-script.ts'

const SCRIPT = {
  source: 'void 0',
  version: '1.2.3',
  integrity: 'sha384-abc+/=',
  notice: { source: 'export {}', integrity: 'sha384-def' },
}
const ask = (name: string | null = null, init: RequestInit = {}): Response =>
  serveScript(new Request('https://edge.test/paceline.js', init), SCRIPT, name)

describe('the browser script', () => {
  it('is JavaScript that pages of any origin may run', async () => {
    const response = ask()
    expect(await response.text()).toBe('void 0')
    expect(Object.fromEntries(response.headers)).toEqual({
      'access-control-allow-origin': '*',
      'cache-control': 'public, max-age=300',
      'content-type': 'text/javascript; charset=utf-8',
      'cross-origin-resource-policy': 'cross-origin',
      etag: '"sha384-abc+/="',
      'x-content-type-options': 'nosniff',
    })
  })

  it('never changes at the address of its version', () => {
    const response = ask('1.2.3')
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  })

  it('brings the notice of its version along, which never changes either', async () => {
    const response = ask('notice-1.2.3')
    expect(await response.text()).toBe('export {}')
    expect(Object.fromEntries(response.headers)).toEqual({
      'access-control-allow-origin': '*',
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'text/javascript; charset=utf-8',
      'cross-origin-resource-policy': 'cross-origin',
      etag: '"sha384-def"',
      'x-content-type-options': 'nosniff',
    })
  })

  it.each(['"sha384-abc+/="', 'W/"sha384-abc+/="', '"old", "sha384-abc+/="', '*'])(
    'is not sent again to who has it: %s',
    async (known) => {
      const response = ask(null, { headers: { 'if-none-match': known } })
      expect(response.status).toBe(304)
      expect(await response.text()).toBe('')
      expect(response.headers.get('etag')).toBe('"sha384-abc+/="')
    },
  )

  it.each(['"old"', '', '"sha384-abc"', 'sha384-abc+/='])('is sent to who has %j', (known) => {
    expect(ask(null, { headers: { 'if-none-match': known } }).status).toBe(200)
  })

  it('is described to HEAD and not sent', async () => {
    const response = ask(null, { method: 'HEAD' })
    expect(response.headers.get('content-type')).toContain('javascript')
    expect(await response.text()).toBe('')
  })

  it.each(['1.2.2', 'notice-1.2.2', 'toString'])(
    'names the current version to who asks for %s',
    async (name) => {
      const response = ask(name)
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({
        type: 'urn:paceline:problem:not_found',
        detail: expect.stringContaining('/paceline-1.2.3.js') as string,
      })
    },
  )

  it('is missed in words where the Worker was built without it', async () => {
    const response = serveScript(new Request('https://edge.test/paceline.js'), undefined, null)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({
      detail: expect.stringContaining('built without') as string,
    })
  })
})
