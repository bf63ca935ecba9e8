import type { Wire } from '../wire.ts'
import { encodeAnthropicAnswer, parseAnthropicAnswer, parseAnthropicError } from './answer.ts'
import { encodeAnthropicRequest } from './encode-request.ts'
import { encodeAnthropicProblem } from './problem.ts'
import { forwardAnthropicRequest } from './forward.ts'
import { BETA, parseAnthropicRequest } from './request.ts'
import { AnthropicStreamDecoder } from './stream-decoder.ts'
import { AnthropicStreamEncoder } from './stream-encoder.ts'
import { unsayableToAnthropic } from './unsayable.ts'

/** Anthropic's Messages. https://docs.anthropic.com/en/api/messages */
export const anthropicWire: Wire = {
  name: 'anthropic',
  callerHeaders: ['anthropic-version', BETA],
  parseRequest: parseAnthropicRequest,
  encodeAnswer: encodeAnthropicAnswer,
  streamEncoder: () => new AnthropicStreamEncoder(),
  encodeProblem: encodeAnthropicProblem,
  path: () => '/v1/messages',
  defaultHeaders: { 'anthropic-version': '2023-06-01' },
  credentials: (key) => ({ 'x-api-key': key }),
  forward: forwardAnthropicRequest,
  unsayable: unsayableToAnthropic,
  encodeRequest: encodeAnthropicRequest,
  parseAnswer: parseAnthropicAnswer,
  parseError: parseAnthropicError,
  streamDecoder: () => new AnthropicStreamDecoder(),
}
