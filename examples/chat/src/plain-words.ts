import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai'

export interface Problem {
  readonly status: number
  readonly message: string
  /** What the reader can do about it. */
  readonly advice: string
}

/** Says a failed call in plain words: no JSON, no stack, no status codes. */
export function plainWords(error: unknown): Problem {
  if (error instanceof APIConnectionTimeoutError)
    return {
      status: 504,
      message: 'The gateway took too long to answer.',
      advice: 'Ask again in a moment.',
    }
  if (error instanceof APIConnectionError)
    return {
      status: 502,
      message: 'The gateway can’t be reached.',
      advice: 'Check that npm start is still running, then ask again.',
    }
  if (error instanceof APIError) return ofStatus(error as APIError)
  return { status: 500, message: 'Something went wrong in the chat’s own server.', advice: 'Ask again.' }
}

function ofStatus(error: APIError): Problem {
  const status = error.status ?? 502
  if (status === 401 || status === 403)
    return {
      status: 502,
      message: 'The gateway refused this app’s key.',
      advice: 'Restart with npm start, so that both sides hold the same key.',
    }
  if (status === 413 || error.code === 'context_length_exceeded')
    return {
      status: 413,
      message: 'The conversation has grown too long for the model.',
      advice: 'Reload the page to begin a new one.',
    }
  if (status === 429)
    return {
      status,
      message: 'Too many questions at once.',
      advice: 'Wait a few seconds, then ask again.',
    }
  if (status >= 400 && status < 500)
    return {
      status,
      message: readable(error) ?? 'The gateway did not accept the question.',
      advice: 'Change the question, then ask again.',
    }
  if (error.code === 'not_configured')
    return {
      status: 503,
      message: readable(error) ?? 'The gateway lacks a setting that it needs to ask a provider.',
      advice: 'The terminal of npm start says which provider; mend its key or settings there.',
    }
  return {
    status: 503,
    message: 'No provider could answer just now.',
    advice: 'Set one of the riders to Fresh, or ask again in a few seconds.',
  }
}

/** The gateway's own sentence, if it is one. */
export function readable(error: APIError): string | undefined {
  const body: unknown = error.error
  if (typeof body !== 'object' || body === null || !('message' in body)) return undefined
  const { message } = body
  if (typeof message !== 'string' || message.length > 240 || /[{}<>\n]|\bat \S+:\d+/u.test(message))
    return undefined
  return message.trim() === '' ? undefined : message.trim()
}
