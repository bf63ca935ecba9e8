import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { freeRow, takenPorts, type WantedPort } from '../../scripts/local/ports.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Run {
  readonly child: ChildProcessWithoutNullStreams
  output(): string
  /** Resolves when the output matches; rejects when the process ends first. */
  said(pattern: RegExp): Promise<RegExpExecArray>
  ended: Promise<number | null>
}

function start(...args: string[]): Run {
  // Keys of real providers stay out: no test may call them.
  const env = { ...process.env, OPENAI_API_KEY: '', ANTHROPIC_API_KEY: '', GEMINI_API_KEY: '' }
  const child = spawn(process.execPath, ['scripts/start.ts', ...args], { cwd: root, env })
  // Once it has ended this does nothing; a failed test must leave nothing running.
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const heard = new EventTarget()
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      heard.dispatchEvent(new Event('data'))
    })
  }
  return {
    child,
    output: () => output,
    ended,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(output)
          if (match !== null) resolve(match)
        }
        look()
        heard.addEventListener('data', look)
        void ended.then(() => reject(new Error(`ended without saying ${String(pattern)}:\n${output}`)))
      }),
  }
}

/** Five ports in a row that were free a moment ago, below those that systems hand out by themselves. */
async function freePorts(): Promise<string[]> {
  const [first = 0] = await freeRow(20_000 + Math.floor(Math.random() * 10_000), 5)
  return ['--port', String(first), '--gateway-port', String(first + 1), '--mock-port', String(first + 2)]
}

const mocksFrom = (first: number): WantedPort[] =>
  ['Alpe', 'Ventoux', 'Stelvio'].map((name, index) => ({
    port: first + index,
    for: name,
    option: '--mock-port',
  }))

describe('npm start', () => {
  it('serves a streamed answer at the addresses it prints, and ends everything on Ctrl-C', async () => {
    const run = start(...(await freePorts()))
    const [, chatUrl = ''] = await run.said(/Chat +.*?(http:\/\/127\.0\.0\.1:\d+)/)
    const [, gatewayUrl = ''] = await run.said(/curl (http:\/\/127\.0\.0\.1:\S+)/)
    const [, key = ''] = await run.said(/Bearer (pl_[\w-]+)/)
    await run.said(/Ready in/)

    expect(await (await fetch(chatUrl)).text()).toContain('<title>')
    const response = await fetch(gatewayUrl, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o', stream: true, messages: [{ role: 'user', content: 'hello' }] }),
    })
    expect(response.headers.get('paceline-provider')).toMatch(/^mock-/)
    expect(await response.text()).toContain('data: [DONE]')

    run.child.kill('SIGINT')
    expect(await run.ended).toBe(0)
    await expect(fetch(chatUrl)).rejects.toThrow('fetch failed')
    await expect(fetch(gatewayUrl)).rejects.toThrow('fetch failed')
  })

  it('names every port that is taken, what it is for, and the way out', async () => {
    const blocker = createServer().listen(0, '127.0.0.1')
    await once(blocker, 'listening')
    const { port } = blocker.address() as AddressInfo
    const [, , ...others] = await freePorts()
    const run = start('--port', String(port), ...others)
    expect(await run.ended).toBe(1)
    expect(run.output()).toContain(`Port ${port}, wanted for the chat app, is taken`)
    const example = /For example: npm start -- --port (\d+)$/m.exec(run.output())
    expect(Number(example?.[1])).toBeGreaterThan(port)
    blocker.close()
  })

  it('tells of the mock providers’ ports in one line, as one option moves them', async () => {
    const [first = 0] = await freeRow(30_000, 3)
    const blockers = [first, first + 2].map((port) => createServer().listen(port, '127.0.0.1'))
    await Promise.all(blockers.map((blocker) => once(blocker, 'listening')))
    expect(await takenPorts(mocksFrom(first))).toEqual([
      `Ports ${first}, ${first + 2}, wanted for Alpe, Stelvio, are taken. Stop what uses them, or choose another with --mock-port.`,
    ])
    for (const blocker of blockers) blocker.close()
  })

  it('explains itself, and what is wrong with an option', async () => {
    for (const option of ['--help', '-h']) {
      const help = start(option)
      expect(await help.ended).toBe(0)
      expect(help.output()).toContain('OPENAI_API_KEY')
    }
    const unknown = start('--prot', '1')
    expect(await unknown.ended).toBe(1)
    // The reason stands below the help, where the reader looks.
    expect(unknown.output().trim().split('\n').at(-1)).toContain('--prot')
    const nonsense = start('--port', 'nonsense')
    expect(await nonsense.ended).toBe(1)
    expect(nonsense.output().trim().split('\n').at(-1)).toContain("--port is 'nonsense'")
  })
})
