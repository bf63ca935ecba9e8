/** The words of a notice for one `code`. */
export interface Message {
  readonly symptom: string
  readonly works: string
  readonly action: string
}

/** The notice's own words. Times are put in by the browser, in the language of `locale`. */
export interface NoticeWords {
  readonly label: string
  readonly works: string
  readonly action: string
  readonly updated: string
  readonly nextUpdate: string
  readonly overdue: string
  readonly stale: string
  readonly resolved: string
  readonly dismiss: string
}

export interface NoticeLink {
  readonly href: string
  readonly text: string
}

export interface NoticeOptions {
  /** Where it goes; the end of the body unless said otherwise. */
  readonly container?: Element
  /** Texts by the notice's `code`, in the user's language. */
  readonly messages?: Readonly<Record<string, Message>>
  readonly words?: Partial<NoticeWords>
  /** The language of the words, such as `de`. */
  readonly locale?: string
  /** Other ways to get things done meanwhile. */
  readonly links?: readonly NoticeLink[]
}

export const ENGLISH: NoticeWords = {
  label: 'Service notice',
  works: 'Still works',
  action: 'What we do',
  updated: 'Updated',
  nextUpdate: 'next update',
  overdue: 'the next update is overdue',
  stale: 'We can’t get news at the moment, so this may be out of date.',
  resolved: 'This has been resolved.',
  dismiss: 'Dismiss this notice',
}
