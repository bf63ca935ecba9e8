import type { Attempt, Fault } from '@paceline/mock-provider'
import type { Seen } from '../../test/support/ask.ts'
import type { Ask } from './schedule.ts'
import { MAX_ATTEMPTS, TOTAL_MS } from './world.ts'

/** One call from both of its ends. */
export interface Played {
  readonly ask: Ask
  readonly seen: Seen
  /** What providers were asked for it, with the faults that were set where it was asked. */
  readonly attempts: readonly (Attempt & { readonly planned: readonly Fault[] })[]
}

type JudgedAttempt = Played['attempts'][number]

/** A busy machine's own time on top of what the timers allow. */
const SLACK_MS = 5_000

/**
 * What is wrong with a call, in words; empty when all is well. Judges by what the providers wrote down: nothing of the
 * gateway's own account is believed that they don't bear out.
 */
export function judge({ ask, seen, attempts }: Played): readonly string[] {
  const wrong: string[] = []
  const accuse = (holds: boolean, words: string): void => {
    if (!holds) wrong.push(words)
  }
  const account = ask.stream ? seen.paceline : null
  const answer = account?.['answer'] ?? seen.headers.get('paceline-answer')
  const counted = Number(account?.['attempts'] ?? seen.headers.get('paceline-attempts'))

  accuse(seen.tookMs <= TOTAL_MS + SLACK_MS, `took ${seen.tookMs.toFixed(0)} ms`)
  accuse(attempts.length <= MAX_ATTEMPTS, `${attempts.length} attempts where ${MAX_ATTEMPTS} are allowed`)
  // A second attempt may be given up before it has reached anybody: the first one spoke just then.
  const unseen = counted - attempts.length
  accuse(
    unseen === 0 || (ask.stream && unseen === 1),
    `says ${counted} attempts; the providers saw ${attempts.length}`,
  )
  accuse(seen.status === 200, `status ${seen.status} beside a healthy provider: ${seen.message}`)
  if (seen.status !== 200) return wrong

  switch (seen.ending) {
    case 'complete':
      accuse(
        answer === 'complete' || answer === 'continued',
        `ends like a whole answer and calls itself ${JSON.stringify(answer)}`,
      )
      accuse(
        isWhole(ask, seen, attempts, answer === 'continued'),
        `calls itself whole, and no provider said it so: ${excerpt(ask, seen)}`,
      )
      break
    case 'incomplete':
      accuse(answer === 'incomplete', `ends with an error and calls itself ${JSON.stringify(answer)}`)
      accuse(!/\[DONE\]|message_stop/.test(seen.raw), 'ends with an error and with the format’s own end')
      accuse(
        attempts.some((attempt) => strikesLate(attempt, ask)),
        `is incomplete though every fault came before the first output: ${seen.message}`,
      )
      accuse(isBeginning(ask, seen, attempts), `holds what no provider said: ${excerpt(ask, seen)}`)
      break
    case 'error':
    case 'cut':
      accuse(false, `ends without an ending: ${excerpt(ask, seen)}`)
  }
  return wrong
}

const excerpt = ({ tool }: Ask, { text, toolInput }: Seen): string => JSON.stringify(tool ? toolInput : text)

const wholeOf = ({ pieces }: Attempt): string => pieces.join('')
const sentOf = ({ pieces, tokensSent }: Attempt): string => pieces.slice(0, tokensSent).join('')

function isWhole(
  ask: Ask,
  { text, toolInput }: Seen,
  attempts: readonly Attempt[],
  continued: boolean,
): boolean {
  if (ask.tool) return attempts.some((attempt) => sameJson(toolInput, wholeOf(attempt)))
  return continued ? joins(text, attempts) : attempts.some((attempt) => wholeOf(attempt) === text)
}

function isBeginning(ask: Ask, { text, toolInput }: Seen, attempts: readonly Attempt[]): boolean {
  if (ask.tool) return attempts.some((attempt) => sentOf(attempt).startsWith(toolInput))
  return begins(text, attempts)
}

/** A piece of what some said, then all of what the last one said. */
const joins = (text: string, attempts: readonly Attempt[]): boolean =>
  attempts.some((last) => {
    const whole = wholeOf(last)
    const others = attempts.filter((other) => other !== last)
    return text.endsWith(whole) && begins(text.slice(0, text.length - whole.length), others)
  })

/** The text is made of beginnings, each of another attempt. */
function begins(text: string, attempts: readonly Attempt[]): boolean {
  if (text === '') return true
  return attempts.some((attempt) => {
    const others = attempts.filter((other) => other !== attempt)
    const most = commonLength(text, sentOf(attempt))
    for (let length = most; length > 0; length -= 1) {
      if (begins(text.slice(length), others)) return true
    }
    return false
  })
}

function commonLength(a: string, b: string): number {
  let length = 0
  while (length < Math.min(a.length, b.length) && a[length] === b[length]) length += 1
  return length
}

function sameJson(a: string, b: string): boolean {
  try {
    return JSON.stringify(JSON.parse(a)) === JSON.stringify(JSON.parse(b))
  } catch {
    return false
  }
}

/** Whether one of the faults of an attempt can strike after the answer has gone out. */
function strikesLate({ fault, planned, status }: JudgedAttempt, { stream, tool }: Ask): boolean {
  if (!stream || fault === null || status !== 200) return false
  const kinds = fault.split('+')
  return planned.some((one) => kinds.includes(one.kind) && canStrikeLate(one, tool))
}

/** A tool call is out with its name, before the first of its tokens. */
function canStrikeLate(fault: Fault, tool: boolean): boolean {
  // An optional field that was left out is 0.
  if (HAVE_A_PLACE.has(fault.kind)) return tool || placeOf(fault) > 0
  return tool && LATE_IN_TOOL_CALLS.has(fault.kind)
}

const placeOf = (fault: Fault): number => ('afterTokens' in fault ? (fault.afterTokens ?? 0) : 0)

const HAVE_A_PLACE = new Set<Fault['kind']>(['cut', 'stall', 'in-band-error', 'malformed', 'huge-event'])
const LATE_IN_TOOL_CALLS = new Set<Fault['kind']>(['cut-in-tool-call', 'silence', 'slow-first-token'])
