import type { Wire } from '../wire.ts'
import { encodeOpenAiAnswer, parseOpenAiAnswer, parseOpenAiError } from './answer.ts'
import { encodeOpenAiRequest } from './encode-request.ts'
import { forwardOpenAiRequest } from './forward.ts'
import { encodeOpenAiProblem } from './problem.ts'
import { parseOpenAiRequest } from './request.ts'
import { OpenAiStreamDecoder } from './stream-decoder.ts'
import { OpenAiStreamEncoder } from './stream-encoder.ts'
import { unsayableToOpenAi } from './unsayable.ts'

/** OpenAI's Chat Completions, spoken by most providers. https://platform.openai.com/docs/api-reference/chat */
export const openAiWire: Wire = {
  name: 'openai',
  callerHeaders: [],
  parseRequest: parseOpenAiRequest,
  encodeAnswer: encodeOpenAiAnswer,
  streamEncoder: (request) => new OpenAiStreamEncoder(request),
  encodeProblem: encodeOpenAiProblem,
  path: () => '/chat/completions',
  defaultHeaders: {},
  credentials: (key) => ({ authorization: `Bearer ${key}` }),
  forward: forwardOpenAiRequest,
  unsayable: unsayableToOpenAi,
  encodeRequest: encodeOpenAiRequest,
  parseAnswer: parseOpenAiAnswer,
  parseError: parseOpenAiError,
  streamDecoder: (choices) => new OpenAiStreamDecoder(choices),
}
