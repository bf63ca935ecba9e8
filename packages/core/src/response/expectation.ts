/** What an action is expected to bring about, written down before it acts, so that it can't be bent afterwards. */
export interface Expectation {
  readonly metric: 'ttfvt-p95'
  readonly belowMs: number
  readonly withinMs: number
  /** No verdict on fewer requests than this. */
  readonly samples: number
}
