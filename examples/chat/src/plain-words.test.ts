import { APIConnectionError, APIError } from 'openai'
import { expect, it } from 'vitest'
import { plainWords } from './plain-words.ts'

function failure(status: number, message: string): APIError {
  return APIError.generate(status, { error: { message } }, undefined, new Headers())
}

it('passes on a sentence that the gateway wrote for people', () => {
  expect(plainWords(failure(400, 'The prompt was refused by the content policy.')).message).toBe(
    'The prompt was refused by the content policy.',
  )
})

it.each(['{"detail":"x"}', 'TypeError: x\n    at y.ts:3:4', 'x'.repeat(500)])('keeps %j to itself', (raw) => {
  expect(plainWords(failure(400, raw)).message).toBe('The gateway did not accept the question.')
})

it('says what to do when the gateway is gone', () => {
  const { status, advice } = plainWords(new APIConnectionError({ message: 'ECONNREFUSED' }))
  expect(status).toBe(502)
  expect(advice).toContain('npm start')
})

it('does not send the reader to the riders when only an operator can help', () => {
  const body = { code: 'not_configured', message: 'A provider refused the gateway’s key.' }
  const error = APIError.generate(503, { error: body }, undefined, new Headers())
  const { message, advice } = plainWords(error)
  expect(message).toBe('A provider refused the gateway’s key.')
  expect(advice).not.toContain('riders')
})
