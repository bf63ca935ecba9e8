import { pathToFileURL } from 'node:url'

/** Validates paceline.config.ts, so that a mistake in it stops a build and not a request. */
try {
  await import(pathToFileURL('paceline.config.ts').href)
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
}
