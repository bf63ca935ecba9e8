import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LIMITED_KEYS, startLimitedStack } from './limited-stack.ts'
import type { Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startLimitedStack()
})
afterAll(() => stack.close())

/** Sends the beginning of a body and then nothing, and reads what comes back until the answer is whole. */
async function sendABeginning(path: string, length: string): Promise<{ head: string; body: unknown }> {
  const { hostname, port } = new URL(stack.url)
  const socket = connect({ host: hostname, port: Number(port) })
  await once(socket, 'connect')

  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${LIMITED_KEYS.app}\r\n` +
      `content-type: application/json\r\n${length}\r\n\r\n`,
  )
  socket.write(length.startsWith('transfer') ? '9\r\n{"model":\r\n' : '{"model":')
  let text = ''
  try {
    for await (const piece of socket) {
      text += String(piece)
      const [head = '', rest = ''] = text.split('\r\n\r\n')
      const json = rest.slice(rest.indexOf('{'), rest.lastIndexOf('}') + 1)
      const whole = parsed(json)
      if (whole !== null) return { head, body: whole }
    }
  } finally {
    socket.destroy()
  }
  throw new Error(`no whole answer came: ${text}`)
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown
  } catch {
    return null
  }
}

const SLOW = {
  code: 'body_too_slow',
  message: expect.stringMatching(/did not arrive within 500 ms/) as string,
  retryable: true,
}

describe.each([
  ['of a given length', 'content-length: 100'],
  ['in chunks', 'transfer-encoding: chunked'],
])('a body %s that does not arrive', (_name, length) => {
  it.each([
    ['/v1/chat/completions', { error: { type: 'invalid_request_error', ...SLOW } }],
    ['/v1/messages', { type: 'error', error: { type: 'timeout_error', ...SLOW } }],
    [
      '/events',
      {
        type: 'urn:paceline:problem:body_too_slow',
        status: 408,
        detail: expect.stringMatching(/within 500 ms/) as string,
      },
    ],
  ])('is answered by 408 at %s, in its own shape', async (path, expected) => {
    const { head, body } = await sendABeginning(path, length)
    expect(head).toMatch(/^HTTP\/1\.1 408 /)
    expect(body).toMatchObject(expected)
  })
})
