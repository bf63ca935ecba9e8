/** Validates paceline.config.ts, so that a mistake in it stops a build and not a request. */
try {
  await import(new URL('../paceline.config.ts', import.meta.url).href)
} catch (error) {
  // A ConfigError says so itself, and has no use for a stack; anything else is found by its place in the file.
  const isConfigError = error instanceof Error && error.name === 'ConfigError'
  if (isConfigError) console.error(error.message)
  else console.error('paceline.config.ts has errors:', error)
  process.exit(1)
}
