/**
 * A whole number of the command line.
 *
 * @throws Error that names the option, what it was, and what is expected
 */
export function wholeNumber(text: string, option: string, least: number, most: number): number {
  const number = Number(text)
  if (/^\d+$/u.test(text) && number >= least && number <= most) return number
  throw new Error(
    `${option} is '${text}': expected a whole number from ${least} to ${most.toLocaleString('en')}.`,
  )
}
