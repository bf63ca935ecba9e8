import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const cli = fileURLToPath(new URL('cli.ts', import.meta.url))

interface Run {
  readonly code: number | null
  readonly output: string
}

/** Runs the command; interrupts it once it says `interruptAt`. */
function run(args: readonly string[], interruptAt?: string): Promise<Run> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [cli, ...args])
    let output = ''
    const take = (bytes: Buffer): void => {
      output += bytes.toString()
      if (interruptAt !== undefined && output.includes(interruptAt)) child.kill('SIGINT')
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.on('close', (code) => resolve({ code, output }))
  })
}

describe('the command line', () => {
  it('says where it listens and ends cleanly at Ctrl-C', async () => {
    const { code, output } = await run(['--name', 'south', '--port', '0'], 'Ctrl-C ends it.')
    expect(output).toMatch(/south listens on http:\/\/127\.0\.0\.1:\d+/)
    expect(output).toContain('/control/fault')
    expect(code).toBe(0)
  })

  it.each([
    [['--port', 'abc'], /--port takes a number from 0 to 65535, not "abc"/],
    [['--speed', '3'], /Unknown option '--speed'/],
    [['--fault', '{'], /--fault is not JSON.*An example/s],
    [['--fault', '{"kind":"cut"}'], /--fault: afterTokens/],
    [['--texts', '/nonexistent.json'], /--texts: cannot read/],
  ])('explains bad flags: %j', async (args, message) => {
    const { code, output } = await run(args)
    expect(output).toMatch(message)
    expect(output).not.toContain('    at ')
    expect(code).toBe(1)
  })
})
