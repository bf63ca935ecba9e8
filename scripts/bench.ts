import { fileURLToPath } from 'node:url'
import { HELP, readOptions } from '../bench/gateway/options.ts'
import { runGateway } from '../bench/gateway/run.ts'
import { optionsOrExit } from './local/options-or-exit.ts'

const USAGE = `npm run bench -- WHAT [OPTIONS]

  gateway    the built Worker against a bare one and the Portkey OSS gateway

Each has its own --help.`

const root = fileURLToPath(new URL('..', import.meta.url))
const [what, ...args] = process.argv.slice(2)

if (what !== 'gateway') {
  const asked = what === undefined || what === '--help' || what === '-h'
  if (asked) console.log(USAGE)
  else console.error(`${USAGE}\n\nThere is no benchmark named '${what}'.`)
  process.exit(asked ? 0 : 2)
}
const options = optionsOrExit(HELP, () => readOptions(args))
try {
  process.exit((await runGateway(root, options)) ? 0 : 1)
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
}
