import { DurableObject } from 'cloudflare:workers'
import type { Report } from '@paceline/core'
import edge from './worker.ts'

export { EventIngest, ProviderHealth, Quota } from './worker.ts'

/** A coordinator that writes down what it hears, and is out as long as a test wants it to be. */
export class Coordinator extends DurableObject {
  readonly #heard: Report[] = []
  #isOut = false

  /** As if nothing had to be done. */
  observe(report: Report): null {
    if (this.#isOut) throw new Error('the coordinator is out')
    this.#heard.push(report)
    return null
  }

  heard(): Report[] {
    return this.#heard
  }

  setOut(isOut: boolean): void {
    this.#isOut = isOut
  }
}

interface Bindings {
  readonly COORDINATOR: DurableObjectNamespace<Coordinator>
}

/** The edge, and beside it what its coordinator has heard. */
export default {
  async fetch(request, env, context) {
    const { pathname } = new URL(request.url)
    const { COORDINATOR: objects } = env as unknown as Bindings
    const coordinator = objects.get(objects.idFromName('default'))
    if (pathname === '/test/heard') return Response.json(await coordinator.heard())
    if (pathname === '/test/out') {
      await coordinator.setOut(request.method === 'PUT')
      return new Response(null, { status: 204 })
    }
    return edge.fetch(request, env, context)
  },
} satisfies typeof edge
