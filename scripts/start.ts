import { accessSync, constants, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkConfig, compile, run } from './local/build.ts'
import { MOCKS, startDemo, type RunningDemo } from './local/demo.ts'
import { HELP, readOptions, type Options } from './local/options.ts'
import { freeRow, takenPorts, type WantedPort } from './local/ports.ts'
import { localSecrets, type LocalSecrets } from './local/secrets.ts'
import { styled } from './local/style.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const state = join(root, '.paceline')

const fail = (message: string): never => {
  console.error(message)
  process.exit(1)
}

function optionsOrExit(): Options {
  try {
    const options = readOptions(process.argv.slice(2), MOCKS.length)
    if (options !== 'help') return options
  } catch (error) {
    // The reason last, where the reader looks.
    return fail(`${HELP}\n\n${error instanceof Error ? error.message : String(error)}`)
  }
  console.log(HELP)
  process.exit(0)
}

const wantedPorts = ({ chatPort, gatewayPort, mockPort }: Options): WantedPort[] => [
  { port: chatPort, for: 'the chat app', option: '--port' },
  { port: gatewayPort, for: 'the gateway', option: '--gateway-port' },
  ...MOCKS.map(({ name }, index) => ({
    port: mockPort + index,
    for: `the mock ${name}`,
    option: '--mock-port',
  })),
]

/** The command with the ports changed that have to be. */
async function workingCommand(options: Options): Promise<string> {
  const chosen = new Set<number>()
  const changes: string[] = []
  for (const [option, ports] of Map.groupBy(wantedPorts(options), (one) => one.option)) {
    const first = ports[0]?.port ?? 0
    const row = await freeRow(first, ports.length, chosen)
    for (const port of row) chosen.add(port)
    if (row[0] !== first) changes.push(`${option} ${row[0]}`)
  }
  return `npm start -- ${changes.join(' ')}`
}

/** Keeps what only this machine's starts need: the app key, and storage. */
function requireStateFolder(): void {
  try {
    mkdirSync(state, { recursive: true, mode: 0o700 })
    accessSync(state, constants.W_OK)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    fail(
      `npm start keeps its key and storage in ${state}, which can’t be written (${reason}). Make it writable.`,
    )
  }
}

async function main(): Promise<void> {
  const options = optionsOrExit()
  const taken = await takenPorts(wantedPorts(options))
  if (taken.length > 0) fail(`${taken.join('\n')}\nFor example: ${await workingCommand(options)}`)
  requireStateFolder()
  // One for each gateway port, so that two starts side by side don't write the same files.
  const storage = join(state, `storage-${options.gatewayPort}`)
  if (options.fresh) rmSync(storage, { recursive: true, force: true })

  const startedAt = Date.now()
  try {
    await buildEverything()
    const secrets = localSecrets(state)
    const demo = await startDemo({
      ...options,
      secrets,
      persistTo: storage,
      environment: process.env,
    })
    stopOnSignal(() => demo.close())
    announce(demo, secrets)
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
  // The configuration's own check before tsc's: it names the field, its value and the mend.
  await run('tsc', ['-b', 'packages/core'], root)
  await checkConfig(root)
  await compile(root, ['examples/chat', 'tsconfig.worker.json', 'packages/mock-provider'])
  await run('vite', ['build', '--logLevel', 'error'], join(root, 'examples', 'chat'))
}

function stopOnSignal(close: () => Promise<void>): void {
  let stopping = false
  const stop = (): void => {
    // A second Ctrl-C means now.
    if (stopping) process.exit(130)
    stopping = true
    console.log('\nStopping …')
    void close().then(() => process.exit(0))
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // Miniflare's own listener exits at once, before open answers and storage are closed in order.
    process.removeAllListeners(signal)
    process.on(signal, stop)
  }
  // A parent that was killed sends no signal; its ports must not stay taken.
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent && !stopping) stop()
  }, 1_000).unref()
}

function announce({ chatUrl, gatewayUrl, providers }: RunningDemo, { appKey, opsToken }: LocalSecrets): void {
  const { bold, dim } = styled
  const width = Math.max(...providers.map(({ name }) => name.length))
  const lines = providers.map(({ name, url, note }) =>
    [name.padEnd(width), ...(url === undefined ? [] : [url]), dim(note)].join('  '),
  )
  console.log(`
  ${bold('Paceline is riding.')}

  Chat       ${bold(chatUrl)}
  Gateway    ${gatewayUrl}/v1
  Providers  ${lines.join('\n             ')}

  Try this
  1. Open the chat and press "Keep riding".
  2. Tire, hang or cut the rider at the front: the next one takes over, and the answers keep coming.
  3. Ask from your own code, by base URL alone:

     curl ${gatewayUrl}/v1/chat/completions \\
       -H 'authorization: Bearer ${appKey}' -H 'content-type: application/json' \\
       -d '{"model":"chat","stream":true,"messages":[{"role":"user","content":"Why ride in a paceline?"}]}'
  4. See what the coordinator did about it:

     curl ${gatewayUrl}/ops/api/state -H 'authorization: Bearer ${opsToken}'`)
}

await main()
