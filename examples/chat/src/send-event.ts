import { once } from 'node:events'
import type { Writable } from 'node:stream'
import type { ChatEvent } from './chat-event.ts'

/**
 * Sends one line, and waits where the browser reads more slowly than the provider speaks.
 *
 * @throws AbortError when the browser leaves meanwhile: a full buffer that nobody reads never drains
 */
export async function sendEvent(response: Writable, event: ChatEvent, left: AbortSignal): Promise<void> {
  if (response.destroyed || response.write(`${JSON.stringify(event)}\n`)) return
  await once(response, 'drain', { signal: left })
}
