import { comeBackAfterS, type Criticality, type ShedReason } from '@paceline/core'
import type { Problem } from '../problem.ts'
import type { Allowance } from './allowance.ts'

/** The official clients wait this long by themselves; whoever has to wait longer should be told so. */
const LONGEST_OWN_WAIT_S = 60

/** @param lot from 0 up to, but not including, 1 */
export function shedProblem(reason: ShedReason, criticality: Criticality, lot: number): Problem {
  const retryAfterS = comeBackAfterS(reason === 'not-essential' ? reason : 'overloaded', lot)
  return {
    status: 503,
    code: 'overloaded',
    message: `${WHY[reason]} This request counts as ${criticality}. Send it again in ${spelled(retryAfterS)}.`,
    param: null,
    retryable: true,
    retryAfterS,
    clientsMayRetry: true,
  }
}

const WHY: Readonly<Record<ShedReason, string>> = {
  overloaded: 'The gateway has more to do than it can do well, and turns the less urgent requests away.',
  'not-essential': 'The gateway answers only the most urgent requests just now.',
  'no-provider':
    'No provider of this model is well just now, and the attempts that are left are kept for more urgent requests.',
}

export function rateProblem({ name, requestsPerMinute }: Allowance, waitMs: number): Problem {
  const retryAfterS = Math.max(1, Math.ceil(waitMs / 1_000))
  return {
    status: 429,
    code: 'rate_limited',
    message: `${name} may make ${counted(requestsPerMinute)} a minute here, and has made them. Send the request again in ${spelled(retryAfterS)}.`,
    param: null,
    retryable: true,
    retryAfterS,
    clientsMayRetry: retryAfterS <= LONGEST_OWN_WAIT_S,
  }
}

/** @param isOut whether the day's quota is known to be spent, or only can't be asked for */
export function quotaProblem({ name, requestsPerDay }: Allowance, waitMs: number, isOut: boolean): Problem {
  const retryAfterS = Math.max(1, Math.ceil(waitMs / 1_000))
  const quota = `${name} may make ${counted(requestsPerDay)} a day, from midnight to midnight UTC`
  const again = `Send the request again in ${spelled(retryAfterS)}`
  return {
    status: 429,
    code: 'quota_exceeded',
    message: isOut
      ? `${quota}, and has made them. ${again}, or have the gateway's operator raise requestsPerDay.`
      : `${quota}. How many are left can't be told just now, and what may be made without knowing has been made. ${again}.`,
    param: null,
    retryable: true,
    retryAfterS,
    clientsMayRetry: retryAfterS <= LONGEST_OWN_WAIT_S,
  }
}

const counted = (requests: number | null): string =>
  requests === 1 ? '1 request' : `${(requests ?? 0).toLocaleString('en')} requests`

const spelled = (seconds: number): string =>
  seconds === 1 ? '1 second' : `${seconds.toLocaleString('en')} seconds`
