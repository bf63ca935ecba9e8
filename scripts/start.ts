import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { run } from './local/build.ts'
import { MOCKS, startDemo, type RunningDemo } from './local/demo.ts'
import { takenPorts, type WantedPort } from './local/ports.ts'
import { localAppKey } from './local/secrets.ts'
import { styled } from './local/style.ts'

const HELP = `npm start [-- OPTIONS]

Starts Paceline on this machine: three mock AI providers, the gateway, and a chat app to try it with.

  --port N           chat app               (8790)
  --gateway-port N   gateway                (8787)
  --mock-port N      first mock provider    (9101; the others take the next two)
  --fresh            forget what earlier starts learnt of the providers
  --help             this text

Set OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY to let real providers join.`

const root = fileURLToPath(new URL('..', import.meta.url))
const state = join(root, '.paceline')

interface Options {
  readonly chatPort: number
  readonly gatewayPort: number
  readonly mockPort: number
  readonly fresh: boolean
}

const fail = (message: string): never => {
  console.error(message)
  process.exit(1)
}

function readOptions(): Options {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '8790' },
        'gateway-port': { type: 'string', default: '8787' },
        'mock-port': { type: 'string', default: '9101' },
        fresh: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) {
      console.log(HELP)
      process.exit(0)
    }
    return {
      chatPort: toPort(values.port, '--port'),
      gatewayPort: toPort(values['gateway-port'], '--gateway-port'),
      mockPort: toPort(values['mock-port'], '--mock-port'),
      fresh: values.fresh,
    }
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
  }
}

function toPort(text: string, option: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 1 && port <= 65_533) return port
  throw new Error(`${option} is '${text}': expected a port number from 1 to 65533.`)
}

const wantedPorts = ({ chatPort, gatewayPort, mockPort }: Options): WantedPort[] => [
  { port: chatPort, for: 'the chat app', option: '--port' },
  { port: gatewayPort, for: 'the gateway', option: '--gateway-port' },
  ...MOCKS.map(({ name }, index) => ({
    port: mockPort + index,
    for: `the mock provider ${name}`,
    option: '--mock-port',
  })),
]

async function main(): Promise<void> {
  const options = readOptions()
  const taken = await takenPorts(wantedPorts(options))
  if (taken.length > 0) fail(taken.join('\n'))
  if (options.fresh) rmSync(join(state, 'storage'), { recursive: true, force: true })

  const startedAt = Date.now()
  try {
    await buildEverything()
    const appKey = localAppKey(state)
    const demo = await startDemo({
      ...options,
      appKey,
      persistTo: join(state, 'storage'),
      environment: process.env,
    })
    stopOnSignal(() => demo.close())
    announce(demo, appKey)
    console.log(
      styled.dim(
        `\n  Ready in ${((Date.now() - startedAt) / 1000).toFixed(1)} s. Ctrl-C stops everything.\n`,
      ),
    )
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error))
  }
}

async function buildEverything(): Promise<void> {
  console.log('Building …')
  await run('tsc', ['-b', 'examples/chat', 'tsconfig.worker.json', 'packages/mock-provider'], root)
  await run('node', ['scripts/check-config.ts'], root)
  await run('vite', ['build', '--logLevel', 'error'], join(root, 'examples', 'chat'))
}

function stopOnSignal(close: () => Promise<void>): void {
  let stopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // Miniflare's own listener exits at once, before open answers and storage are closed in order.
    process.removeAllListeners(signal)
    process.on(signal, () => {
      // A second Ctrl-C means now.
      if (stopping) process.exit(130)
      stopping = true
      console.log('\nStopping …')
      void close().then(() => process.exit(0))
    })
  }
}

function announce({ chatUrl, gatewayUrl, mocks, real }: RunningDemo, appKey: string): void {
  const { bold, dim } = styled
  const providers = [
    ...mocks.map(({ name, wire, url }) => `${name.padEnd(9)} ${url}  ${dim(`mock, ${wire}`)}`),
    ...real.map(({ name, variable }) => `${name.padEnd(9)} ${dim(`real, by ${variable}`)}`),
  ]
  console.log(`
  ${bold('Paceline is riding.')}

  Chat       ${bold(chatUrl)}
  Gateway    ${gatewayUrl}/v1
  Providers  ${providers.join('\n             ')}

  Try this
  1. Open the chat and press "Keep riding".
  2. Tire, hang or cut the rider at the front: the next one takes over, and the answers keep coming.
  3. Ask from your own code, by base URL alone:

     curl ${gatewayUrl}/v1/chat/completions \\
       -H 'authorization: Bearer ${appKey}' -H 'content-type: application/json' \\
       -d '{"model":"chat","stream":true,"messages":[{"role":"user","content":"Why ride in a paceline?"}]}'`)
}

await main()
