/** One line of the Worker's log, as JSON. Never give it keys, prompts, answers, or messages of providers. */
export function log(event: string, fields: Readonly<Record<string, unknown>>): void {
  // oxlint-disable-next-line no-console -- the console is the only log a Worker has
  console.error(JSON.stringify({ event, ...fields }))
}
