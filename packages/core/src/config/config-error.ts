/** One thing wrong with a configuration: where, what stands there, and what should. */
export interface ConfigIssue {
  /** Such as `routes.chat.candidates[1]`. */
  readonly field: string
  /** The value found there, as JSON. */
  readonly value: string
  readonly mend: string
}

/** Thrown where a configuration is defined, so that a build or a start stops before traffic meets it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly issues: readonly ConfigIssue[]

  constructor(issues: readonly ConfigIssue[]) {
    const lines = issues.map(({ field, value, mend }) => `  ${field} is ${value}\n    → ${mend}`)
    super(
      `paceline.config has ${issues.length} ${issues.length === 1 ? 'error' : 'errors'}:\n${lines.join('\n')}`,
    )
    this.issues = issues
  }
}
