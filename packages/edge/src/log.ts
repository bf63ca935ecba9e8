/** One line of the Worker's log, as JSON. Never give it keys, prompts, answers, or messages of providers. */
export function log(event: string, fields: Readonly<Record<string, unknown>>): void {
  // oxlint-disable-next-line no-console -- the console is the only log a Worker has
  console.error(JSON.stringify({ event, ...fields }))
}

/** Where an error happened. Frames only: the lines before them hold its message, which may quote what users wrote. */
export const framesOf = (error: unknown): string[] =>
  error instanceof Error
    ? (error.stack ?? '')
        .split('\n')
        .filter((line) => /^\s+at /.test(line))
        .slice(0, 5)
    : []
