import type { Notice } from '@paceline/core'
import { ENGLISH, type NoticeOptions } from './notice-options.ts'

/** What a notice says, in the order in which it is read. */
export interface NoticeText {
  readonly symptom: string
  /** What still works, and what is done: each with its label. */
  readonly facts: readonly (readonly [label: string, text: string])[]
  /** How old this is, and when the next word comes. Changes with time. */
  readonly news: string
  readonly stale: string | undefined
}

/**
 * Puts a notice into words.
 *
 * @param ageMs since it was heard, by the reader's own clock
 */
export function composeNotice(
  { code, nextUpdateMs, ...notice }: Notice,
  ageMs: number,
  isStale: boolean,
  { messages, words, locale = 'en' }: NoticeOptions,
): NoticeText {
  const say = { ...ENGLISH, ...words }
  const { symptom, works, action } = messages?.[code] ?? notice
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const inMinutes = (ms: number, unitless: number): string => {
    const minutes = Math.round(ms / 60_000)
    return minutes === 0 ? relative.format(unitless, 'second') : relative.format(minutes, 'minute')
  }
  const leftMs = nextUpdateMs - ageMs
  const next =
    leftMs <= 0 ? say.overdue : `${say.nextUpdate} ${relative.format(Math.ceil(leftMs / 60_000), 'minute')}`
  const facts = [
    [say.works, works],
    [say.action, action],
  ] as const
  return {
    symptom,
    facts: facts.filter(([, text]) => text !== ''),
    news: `${say.updated} ${inMinutes(-ageMs, 0)} · ${next}`,
    stale: isStale ? say.stale : undefined,
  }
}
