/**
 * The options of a command, or its help on the way out: with a zero where it was asked for, and with what is wrong
 * where it was not.
 */
export function optionsOrExit<T>(help: string, read: () => T | 'help'): T {
  try {
    const options = read()
    if (options !== 'help') return options
  } catch (error) {
    console.error(`${help}\n\n${error instanceof Error ? error.message : String(error)}`)
    process.exit(2)
  }
  console.log(help)
  process.exit(0)
}
