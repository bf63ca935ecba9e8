import type { HttpWire } from '../wire.ts'
import { parseGeminiAnswer } from './answer.ts'
import { encodeGeminiRequest } from './encode-request.ts'
import { parseGeminiError } from './error.ts'
import { GeminiStreamDecoder } from './stream-decoder.ts'
import { unsayableToGemini } from './unsayable.ts'

/** Gemini's own API; no caller speaks it. https://ai.google.dev/api/generate-content */
export const geminiWire: HttpWire = {
  name: 'gemini',
  path: (model, stream) =>
    `/models/${encodeURIComponent(model)}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  defaultHeaders: {},
  credentials: (key) => ({ 'x-goog-api-key': key }),
  unsayable: unsayableToGemini,
  encodeRequest: encodeGeminiRequest,
  parseAnswer: parseGeminiAnswer,
  parseError: parseGeminiError,
  streamDecoder: () => new GeminiStreamDecoder(),
}
