import type { Paceline, Turn } from '@paceline/browser-sdk'
import * as v from 'valibot'
import { chatEvent, chatProblem, type AnswerKind, type ChatEvent } from '../src/chat-event.ts'
import type { ChatRequest } from '../src/chat-request.ts'
import { readLines } from './read-lines.ts'

export type Message = ChatRequest['messages'][number]

/** How one question ended. */
export interface Outcome {
  readonly state: 'complete' | 'incomplete' | 'stopped' | 'error'
  readonly answer: AnswerKind | null
  readonly provider: string | null
  readonly attempts: number | null
  /** From the submit to the frame that painted the first text; null when nobody saw that frame. */
  readonly firstTextMs: number | null
  readonly submittedAt: number
  readonly endedAt: number
  /** What went wrong, in plain words, and what to do about it. */
  readonly message: string
  readonly advice: string
}

/** Longer than any browser takes to tell of a paint. */
const paintPatienceMs = 1_000

type Ending = Pick<Outcome, 'state' | 'answer' | 'message' | 'advice'>

const stopped: Ending = { state: 'stopped', answer: null, message: 'You stopped it.', advice: '' }
const brokenOff: Ending = {
  state: 'incomplete',
  answer: 'incomplete',
  message: 'The connection broke before the end.',
  advice: '',
}
const brokenBeforeText: Ending = {
  state: 'error',
  answer: null,
  message: 'The connection broke before the first word.',
  advice: 'Ask again.',
}
const unreachable: Ending = {
  state: 'error',
  answer: null,
  message: 'The chat’s own server can’t be reached.',
  advice: 'Check that npm start is still running, then ask again.',
}

export interface Question {
  readonly messages: readonly Message[]
  readonly submittedAt: number
  /** Whether a person asked: their own input is then what the wait began with. */
  readonly isByHand: boolean
  readonly signal: AbortSignal
  /** Where the answer's text will stand. */
  readonly region: Element
  readonly paceline: Paceline
  readonly onText: (text: string) => void
}

/** Asks one question. Never throws: every way it can end is an outcome. */
export async function ask(question: Question): Promise<Outcome> {
  const { messages, submittedAt, isByHand, signal, region, paceline, onText } = question
  const turn = paceline.turn({ region, ...(!isByHand && { startedAt: submittedAt }) })
  let by: Pick<Outcome, 'provider' | 'attempts'> = { provider: null, attempts: null }
  let hasText = false
  let isConnected = false
  const broken = (): Ending => {
    if (hasText) return brokenOff
    return isConnected ? brokenBeforeText : unreachable
  }
  const conclude = async (ending: Ending): Promise<Outcome> => {
    const endedAt = performance.now()
    if (!hasText && ending.state === 'stopped') turn.abandon()
    else if (!hasText) turn.lost()
    return { ...ending, ...by, submittedAt, endedAt, firstTextMs: await firstTextMs(turn) }
  }
  try {
    const response = await fetch('/api/chat', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ messages }),
      signal,
    })
    turn.answered(response)
    if (!response.ok || response.body === null) return await conclude(await refusal(response))
    isConnected = true
    for await (const line of readLines(response.body)) {
      const event: ChatEvent = v.parse(chatEvent, JSON.parse(line))
      if (event.type === 'text') {
        turn.delta()
        onText(event.text)
        if (event.text.trim() !== '') hasText = true
      } else if (event.type === 'error') {
        return await conclude({ state: 'error', answer: null, message: event.message, advice: event.advice })
      } else {
        by = { provider: event.provider, attempts: event.attempts }
        if (event.type === 'end') return await conclude(endingOf(event.answer, event.reason))
      }
    }
    return await conclude(broken())
  } catch {
    return conclude(signal.aborted ? stopped : broken())
  }
}

/** Text that is out of sight by the end of the answer was not waited for. */
async function firstTextMs(turn: Turn): Promise<number | null> {
  const unseen = new Promise<null>((resolve) => setTimeout(resolve, paintPatienceMs, null))
  const shown = await Promise.race([turn.shown, unseen])
  if (shown === null) turn.forget()
  return shown?.class === 'visible' ? shown.ttfvtMs : null
}

function endingOf(answer: AnswerKind, reason = ''): Ending {
  return { state: answer === 'incomplete' ? 'incomplete' : 'complete', answer, message: reason, advice: '' }
}

async function refusal(response: Response): Promise<Ending> {
  const body = v.safeParse(chatProblem, await response.json().catch(() => undefined))
  return body.success ? { state: 'error', answer: null, ...body.output.error } : unreachable
}
