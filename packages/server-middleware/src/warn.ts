/** Says once what a person has to mend. Node prints it, or whoever listens to `process.on('warning')` logs it. */
export type Warn = (problem: string) => void

export function warnOnce(): Warn {
  const said = new Set<string>()
  return (problem) => {
    if (said.has(problem)) return
    said.add(problem)
    process.emitWarning(problem, 'PacelineWarning')
  }
}
