import { parseArgs } from 'node:util'

export const HELP = `npm start [-- OPTIONS]

Starts Paceline on this machine: three mock AI providers, the gateway, and a chat app to try it with.

  --port N           chat app               (8790)
  --gateway-port N   gateway                (8787)
  --mock-port N      first mock provider    (9101; the others take the next two)
  --fresh            forget what earlier starts on this gateway port learnt of the providers
  -h, --help         this text

Set OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY to let real providers join.`

export interface Options {
  readonly chatPort: number
  readonly gatewayPort: number
  readonly mockPort: number
  readonly fresh: boolean
}

/**
 * The options of the command line, or 'help'.
 *
 * @throws Error that says which option is wrong, and how
 */
export function readOptions(args: readonly string[], mocks: number): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '8790' },
      'gateway-port': { type: 'string', default: '8787' },
      'mock-port': { type: 'string', default: '9101' },
      fresh: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  return {
    chatPort: toPort(values.port, '--port'),
    gatewayPort: toPort(values['gateway-port'], '--gateway-port'),
    // The others take the ports behind it.
    mockPort: toPort(values['mock-port'], '--mock-port', 65_535 - (mocks - 1)),
    fresh: values.fresh,
  }
}

function toPort(text: string, option: string, last = 65_535): number {
  const port = Number(text)
  if (/^\d+$/u.test(text) && port >= 1 && port <= last) return port
  throw new Error(`${option} is '${text}': expected a port number from 1 to ${last}.`)
}
