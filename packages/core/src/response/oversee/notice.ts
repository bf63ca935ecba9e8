import type { Notice } from '../../directive.ts'
import type { Incident } from '../state.ts'

/** What users are told of an incident that is proven: what they notice, what works, what is being done. */
export function noticeOf(incident: Incident): Notice {
  const { id, route, suspectedAt, phase, restoredAt } = incident
  const words =
    restoredAt !== null ? WORDS.better : phase.kind === 'waiting-for-person' ? WORDS.alone : WORDS.moving
  return {
    // One for each route, however many of its providers are late: users have one wait, and need one word.
    id: `slow:${route}`.slice(0, 128),
    incident: id,
    select: { route },
    since: suspectedAt,
    nextUpdateMs: 60_000,
    ...words,
  }
}

const WORDS = {
  moving: {
    severity: 'warning',
    code: 'slow-answers',
    symptom: 'Answers take longer than usual to begin.',
    works: 'Everything works, and answers come whole.',
    action: 'We are moving requests to another provider.',
  },
  alone: {
    severity: 'warning',
    code: 'slow-answers-alone',
    symptom: 'Answers take longer than usual to begin.',
    works: 'Answers still come whole.',
    action: 'The people on call have been told.',
  },
  better: {
    severity: 'info',
    code: 'slow-answers-better',
    symptom: 'For a while answers took long to begin.',
    works: 'They begin at their usual speed again.',
    action: 'Another provider answers until the first one is well.',
  },
} as const
