import type { ProviderWire } from '../wire.ts'
import { parseWorkersAiAnswer } from './answer.ts'
import { encodeWorkersAiRequest } from './encode-request.ts'
import { parseWorkersAiError } from './error.ts'
import { WorkersAiStreamDecoder } from './stream-decoder.ts'
import { unsayableToWorkersAi } from './unsayable.ts'

/**
 * Text generation on Workers AI, asked by its binding. The service has no local simulation: this is written after its
 * documents and not verified against it. https://developers.cloudflare.com/workers-ai/
 */
export const workersAiWire: ProviderWire = {
  name: 'workers-ai',
  defaultHeaders: {},
  unsayable: unsayableToWorkersAi,
  encodeRequest: encodeWorkersAiRequest,
  parseAnswer: parseWorkersAiAnswer,
  parseError: parseWorkersAiError,
  streamDecoder: (_choices, limit = null) => new WorkersAiStreamDecoder(limit),
}
