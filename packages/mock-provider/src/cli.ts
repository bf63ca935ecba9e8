#!/usr/bin/env node
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import * as v from 'valibot'
import { faultPlanSchema, type FaultPlan } from './fault/fault.ts'
import { startMockProvider } from './mock-provider.ts'
import { describeIssue } from './wire/request-schema.ts'

const help = `An AI provider on loopback that fails on command. It speaks OpenAI, Anthropic and Gemini.

Usage: mock-provider [options]

  --name NAME           what it is called                        (mock)
  --port NUMBER         0 takes any free port                    (4010)
  --seed NUMBER         another seed, other texts                (1)
  --headers-ms MS       from a request to its headers            (20)
  --first-token-ms MS   from the headers to the first token      (250)
  --token-ms MS         from one token to the next               (30)
  --jitter SHARE        each delay varies by up to this share    (0.2)
  --texts FILE          JSON list of texts, with {provider}, {attempt} and {prompt}
  --api-key KEY         other keys get 401
  --model NAME          may be given more than once; other models get 404
  --fault JSON          e.g. '{"kind":"cut","afterTokens":5}', or a list of faults
  --help                this text
`

/** Something that the person at the keyboard can put right. */
class UsageError extends Error {
  override readonly name = 'UsageError'
}

async function run(): Promise<void> {
  const { values } = readFlags()
  if (values.help) {
    console.log(help)
    return
  }
  const fault = values.fault === undefined ? null : readFault(values.fault)
  const provider = await startMockProvider({
    name: values.name,
    port: readNumber('port', values.port, 65_535),
    seed: readNumber('seed', values.seed, Number.MAX_SAFE_INTEGER),
    delays: {
      headersMs: readNumber('headers-ms', values['headers-ms'], 86_400_000),
      firstTokenMs: readNumber('first-token-ms', values['first-token-ms'], 86_400_000),
      tokenMs: readNumber('token-ms', values['token-ms'], 86_400_000),
      jitter: readNumber('jitter', values.jitter, 1),
    },
    texts: values.texts === undefined ? [] : await readTexts(values.texts),
    ...(values['api-key'] === undefined ? {} : { apiKey: values['api-key'] }),
    ...(values.model === undefined ? {} : { models: values.model }),
  })
  provider.setFault(fault)

  // Before the address is printed, so that whoever waits for it can end this at once.
  const stop = (): void => void provider.close()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)

  console.log(`${provider.name} listens on ${provider.url}

  OpenAI     ${provider.url}/v1
  Anthropic  ${provider.url}
  Gemini     ${provider.url}/v1beta

Make it fail:   curl -X PUT ${provider.url}/control/fault -H 'content-type: application/json' -d '{"kind":"cut","afterTokens":5}'
Heal it:        curl -X DELETE ${provider.url}/control/fault
What it saw:    curl ${provider.url}/control/attempts

Ctrl-C ends it.`)
}

function readFlags() {
  try {
    return parseArgs({
      options: {
        name: { type: 'string', default: 'mock' },
        port: { type: 'string', default: '4010' },
        seed: { type: 'string', default: '1' },
        'headers-ms': { type: 'string', default: '20' },
        'first-token-ms': { type: 'string', default: '250' },
        'token-ms': { type: 'string', default: '30' },
        jitter: { type: 'string', default: '0.2' },
        texts: { type: 'string' },
        'api-key': { type: 'string' },
        model: { type: 'string', multiple: true },
        fault: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function readNumber(flag: string, value: string, most: number): number {
  const number = Number(value)
  if (value.trim() !== '' && number >= 0 && number <= most) return number
  throw new UsageError(`--${flag} takes a number from 0 to ${most}, not "${value}".`)
}

async function readTexts(file: string): Promise<readonly string[]> {
  let content: string
  try {
    content = await readFile(file, 'utf8')
  } catch (error) {
    throw new UsageError(`--texts: cannot read ${file}: ${String(error)}`)
  }
  const schema = v.pipe(v.array(v.pipe(v.string(), v.nonEmpty())), v.nonEmpty())
  return parseJson('texts', content, schema, '["{provider} says hello.", "…"]')
}

function readFault(json: string): FaultPlan {
  return parseJson('fault', json, faultPlanSchema, '{"kind":"rate-limit","times":1}')
}

function parseJson<Output>(
  flag: string,
  json: string,
  schema: v.GenericSchema<unknown, Output>,
  example: string,
): Output {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    throw new UsageError(`--${flag} is not JSON: ${String(error)}\nAn example: ${example}`)
  }
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  throw new UsageError(`--${flag}: ${describeIssue(result.issues[0])}\nAn example: ${example}`)
}

try {
  await run()
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  if (error instanceof UsageError) console.error('Try --help.')
  process.exitCode = 1
}
