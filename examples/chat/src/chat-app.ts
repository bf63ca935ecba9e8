import type { Paceline } from '@paceline/server-middleware'
import { expressMiddleware } from '@paceline/server-middleware/express'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import * as v from 'valibot'
import { answerChat, type ChatUpstream } from './answer-chat.ts'
import type { ProviderList } from './chat-event.ts'
import { chatRequest, firstProblem } from './chat-request.ts'
import { conditions } from './condition.ts'
import { loopbackOnly } from './loopback-only.ts'
import { listProviders, setCondition, type ChatProvider } from './provider-conditions.ts'
import { refuse } from './refuse.ts'
import { securityHeaders } from './security-headers.ts'

const conditionRequest = v.strictObject({
  condition: v.picklist(conditions, `condition must be one of ${conditions.join(', ')}`),
})

/** What the page's SDK has to know: where the edge is, the publishable key, and the route that questions take. */
export interface BrowserPaceline {
  readonly edge: string
  readonly key: string
  readonly route: string
}

export interface ChatParts {
  readonly upstream: ChatUpstream
  readonly providers: readonly ChatProvider[]
  readonly pageFolder: string
  readonly paceline: Paceline
  /** Left out where the page measures nothing. */
  readonly browser?: BrowserPaceline
}

/** The chat's HTTP surface: its page, one streaming call, and the riders' conditions. */
export function chatApp({ upstream, providers, pageFolder, paceline, browser }: ChatParts): Express {
  const app = express()
  app.disable('x-powered-by')
  app.use(securityHeaders(browser?.edge), loopbackOnly, expressMiddleware(paceline))
  app.use('/api', (_request, response, next) => {
    response.set('cache-control', 'no-store')
    next()
  })
  app.use(express.json({ limit: '256kb' }))

  app.post('/api/chat', (request, response) => chat(request, response, upstream))
  app.get('/api/paceline', (_request, response) => {
    if (browser !== undefined) response.json(browser)
    else refuse(response, 404, 'This page measures nothing.', 'Start the chat with a publishable key.')
  })
  app.get('/api/providers', (_request, response) => tellProviders(response, providers))
  app.post('/api/providers/:id/condition', (request, response) =>
    changeCondition(request, response, providers),
  )

  // The build puts a hash of the content into the names of its assets.
  app.use(
    '/assets',
    express.static(`${pageFolder}/assets`, { immutable: true, maxAge: '1y', fallthrough: false }),
  )
  app.use(express.static(pageFolder, { cacheControl: false, setHeaders: revalidate }))
  app.use((_request, response) => refuse(response, 404, 'There is nothing here.', 'Open the start page.'))
  app.use(explainFailure)
  return app
}

async function chat(request: Request, response: Response, upstream: ChatUpstream): Promise<void> {
  const body = v.safeParse(chatRequest, request.body)
  if (!body.success) {
    refuse(
      response,
      400,
      `The question can’t be sent: ${firstProblem(body.issues)}.`,
      'Change it, then ask again.',
    )
    return
  }
  await answerChat(body.output, upstream, request.paceline, response)
}

async function changeCondition(
  request: Request,
  response: Response,
  providers: readonly ChatProvider[],
): Promise<void> {
  const provider = providers.find(({ id }) => id === request.params['id'])
  if (provider?.controlUrl === undefined) {
    refuse(response, 404, 'There is no such mock provider.', 'Real providers can’t be tired from here.')
    return
  }
  const body = v.safeParse(conditionRequest, request.body)
  if (!body.success) {
    refuse(response, 400, `${firstProblem(body.issues)}.`, 'Choose one of them.')
    return
  }
  try {
    await setCondition(provider.controlUrl, body.output.condition)
  } catch {
    refuse(
      response,
      502,
      `${provider.name} did not take the order.`,
      'Check that npm start is still running.',
    )
    return
  }
  await tellProviders(response, providers)
}

async function tellProviders(response: Response, providers: readonly ChatProvider[]): Promise<void> {
  response.json({ providers: await listProviders(providers) } satisfies ProviderList)
}

function revalidate(response: Response): void {
  response.set('cache-control', 'no-cache')
}

const bodyProblem = v.object({ status: v.picklist([400, 404, 413, 415]) })

/** Express knows an error handler by its four parameters. */
function explainFailure(error: unknown, _request: Request, response: Response, next: NextFunction): void {
  if (response.headersSent) {
    next(error)
    return
  }
  const known = v.safeParse(bodyProblem, error)
  if (known.success && known.output.status === 404)
    refuse(response, 404, 'There is nothing here.', 'Open the start page.')
  else if (known.success && known.output.status === 413)
    refuse(response, 413, 'The conversation is too long to send.', 'Reload the page to begin a new one.')
  else if (known.success)
    refuse(response, known.output.status, 'The body is not valid JSON.', 'Send valid JSON.')
  else refuse(response, 500, 'Something went wrong in the chat’s own server.', 'Ask again.')
}
