import { createServer, isIP, type Server } from 'node:net'
import type { Attempt } from './attempt-log.ts'
import type { FaultPlan } from './fault/fault.ts'
import type { Exchange } from './http/exchange.ts'
import type { HttpRequest } from './http/http-request.ts'
import { sendProblem } from './http/problem.ts'
import { serveConnection } from './http/serve-connection.ts'
import { ProviderState } from './provider-state.ts'
import { serveControl } from './serve-control.ts'
import { serveModelCall } from './serve-model-call.ts'
import type { Settings, SettingsChange } from './settings.ts'
import { anthropic } from './wire/anthropic.ts'
import { gemini } from './wire/gemini.ts'
import { listModels } from './wire/model-list.ts'
import { openai } from './wire/openai.ts'

export interface MockProviderOptions extends SettingsChange {
  /** Tells providers apart: in the texts, the ids and the log. */
  readonly name: string
  /** 0, the default, takes any free port. */
  readonly port?: number
  /** A loopback address; 127.0.0.1 by default. */
  readonly host?: string
  /** When set, calls with another key get 401. */
  readonly apiKey?: string
  /** When set, calls for another model get 404. */
  readonly models?: readonly string[]
}

/** A running provider. */
export interface MockProvider {
  readonly name: string
  /** For example `http://127.0.0.1:4010`; OpenAI's clients want `/v1` after it. */
  readonly url: string
  readonly port: number
  /** The last 10,000 attempts, oldest first: copies that no longer change. */
  attempts(): readonly Attempt[]
  clearAttempts(): void
  /**
   * Sets what goes wrong from now on; attempts that are under way go on as they began. With a model, only for that
   * one and beside what is set for all, so that tests can run side by side.
   *
   * @throws ValiError when a fault is not what it should be
   */
  setFault(fault: FaultPlan, model?: string): void
  /** The faults that are set, with their defaults filled in. */
  fault(): FaultPlan
  settings(): Settings
  /** @throws ValiError when a setting is not what it should be */
  configure(change: SettingsChange): void
  /**
   * The newest attempt that meets the condition, past ones included, or the first that comes to meet it.
   * Rejects after `timeoutMs` (5,000), or when the provider is closed.
   */
  waitForAttempt(predicate: (attempt: Attempt) => boolean, timeoutMs?: number): Promise<Attempt>
  /** Like `waitForAttempt`, but only an attempt that arrives after this call; without a condition, its arrival. */
  nextAttempt(predicate?: (attempt: Attempt) => boolean, timeoutMs?: number): Promise<Attempt>
  /** Ends every connection and timer at once. */
  close(): Promise<void>
}

const wires = [openai, anthropic, gemini] as const
const defaultTimeoutMs = 5000

/**
 * Starts a provider on loopback that speaks OpenAI, Anthropic and Gemini, told apart by path.
 *
 * @throws Error when the port is taken, the host is not loopback, or an option is not what it should be
 */
export async function startMockProvider(options: MockProviderOptions): Promise<MockProvider> {
  const { name, host = '127.0.0.1', port = 0, apiKey, models, ...settings } = options
  if (!isLoopback(host)) {
    throw new Error(`The mock provider only listens on loopback; "${host}" is not. Use 127.0.0.1 or ::1.`)
  }
  const state = new ProviderState(name, apiKey ?? null, models ?? null)
  state.configure(settings)
  const closing = new AbortController()
  const server = createServer((socket) => {
    serveConnection(socket, (request, exchange) => serve(request, exchange, state), closing.signal)
  })
  const boundPort = await listen(server, host, port)

  return {
    name,
    url: `http://${isIP(host) === 6 ? `[${host}]` : host}:${boundPort}`,
    port: boundPort,
    attempts: () => state.attempts.all(),
    clearAttempts: () => state.attempts.clear(),
    setFault: (fault, model) =>
      model === undefined ? state.setPlan(fault) : state.setModelPlan(model, fault),
    fault: () => state.plan,
    settings: () => state.settings,
    configure: (change) => state.configure(change),
    waitForAttempt: (predicate, timeoutMs = defaultTimeoutMs) => state.attempts.find(predicate, timeoutMs),
    nextAttempt(predicate = () => true, timeoutMs = defaultTimeoutMs) {
      const last = state.lastNumber
      return state.attempts.next((attempt) => attempt.number > last && predicate(attempt), timeoutMs)
    },
    async close() {
      if (closing.signal.aborted) return
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
      closing.abort()
      state.attempts.close()
      await closed
    },
  }
}

async function serve(request: HttpRequest, exchange: Exchange, state: ProviderState): Promise<void> {
  const { path, method } = request
  if (path === '/control' || path.startsWith('/control/')) return serveControl(request, exchange, state)
  for (const wire of wires) {
    const call = wire.recognise(path)
    if (call === null) continue
    if (method === 'POST') return serveModelCall(request, exchange, wire, call, state)
    const detail = `${path} takes POST, not ${method}.`
    return sendProblem(exchange, { status: 405, title: 'Method not allowed', detail }, { allow: 'POST' })
  }
  const list = method === 'GET' ? listModels(request, state.models ?? ['mock-large', 'mock-small']) : null
  if (list === null) {
    const detail = `There is no ${method} ${path}. Model calls: POST /v1/chat/completions, /v1/messages, /v1beta/models/{model}:generateContent. State: GET /control.`
    return sendProblem(exchange, { status: 404, title: 'Not found', detail })
  }
  const body = Buffer.from(JSON.stringify(list))
  await exchange.sendHead(200, { 'content-type': 'application/json' }, { contentLength: body.length })
  return exchange.sendBody(body)
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE'
      const advice = isTaken
        ? 'is taken. Stop what uses it, choose another, or use 0 for any free port.'
        : error.message
      reject(
        new Error(`The mock provider cannot listen: port ${port} on ${host} ${advice}`, { cause: error }),
      )
    })
    server.listen(port, host, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}
