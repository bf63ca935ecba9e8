import type { Call } from '../call.ts'
import { BETA } from './anthropic/request.ts'
import type { Part, StreamEvent } from './part.ts'
import type { CallerWire } from './wire.ts'

/**
 * Whether an answer to this call can be given a second time. An unstreamed one is kept as it is. Of a stream the parts
 * are kept, so what was asked for must be something that parts can say: no log-probabilities, no signed thinking.
 */
export function isReplayable({
  request,
  wire,
  passHeaders,
}: Pick<Call, 'request' | 'wire' | 'passHeaders'>): boolean {
  if (request.choices > 1) return false
  if (!request.stream) return true
  if (Object.hasOwn(passHeaders, BETA)) return false
  const { body } = request
  const { tools = [] } = body as { tools?: readonly { type?: string | null }[] | null }
  return (
    (tools ?? []).every(
      ({ type }) => type === undefined || type === null || type === PLAIN_TOOL[wire.name],
    ) &&
    Object.entries(body).every(
      ([name, value]) => PLAIN_FIELDS[wire.name].has(name) || value === null || value === false,
    )
  )
}

const PLAIN_TOOL: Readonly<Record<CallerWire['name'], string>> = { openai: 'function', anthropic: 'custom' }

const PLAIN_FIELDS: Readonly<Record<CallerWire['name'], ReadonlySet<string>>> = {
  openai: new Set([
    'model',
    'messages',
    'stream',
    'stream_options',
    'n',
    'max_tokens',
    'max_completion_tokens',
    'temperature',
    'top_p',
    'top_k',
    'min_p',
    'seed',
    'stop',
    'frequency_penalty',
    'presence_penalty',
    'repetition_penalty',
    'logit_bias',
    'tools',
    'tool_choice',
    'parallel_tool_calls',
    'response_format',
    'reasoning_effort',
    'verbosity',
    'prediction',
    'user',
    'metadata',
    'safety_identifier',
    'prompt_cache_key',
    'store',
    'service_tier',
  ]),
  // Not `stop_sequences`: parts don't say which of them ended the answer. Not `thinking`: its signature is in no part.
  anthropic: new Set([
    'model',
    'max_tokens',
    'messages',
    'system',
    'stream',
    'temperature',
    'top_p',
    'top_k',
    'tools',
    'tool_choice',
    'metadata',
    'output_config',
    'service_tier',
  ]),
}

/** Parts of which a stored answer is made. */
export type PlainPart = Extract<Part, { kind: 'start' | 'text' | 'reasoning' | 'usage' | 'finish' | 'done' }>

/**
 * The parts of an event where they are all that it says, and may be said to somebody else; null where they are not.
 * Calls of tools may not: two who were given the same call by its id could pass for one.
 */
export function plainParts({ parts, raw }: StreamEvent): readonly PlainPart[] | null {
  if (raw !== null && SAYS_MORE.test(raw.data)) return null
  return parts.every((part): part is PlainPart => PLAIN_KINDS.has(part.kind)) ? parts : null
}

const PLAIN_KINDS = new Set<Part['kind']>(['start', 'text', 'reasoning', 'usage', 'finish', 'done'])

/** Fields of events that no part carries, unless they are empty. Inside of words their quotes would be escaped. */
const SAYS_MORE =
  /"(?:refusal|logprobs|annotations|citations|search_results)"\s*:(?!\s*(?:null|""|\[\s*\]|\{\s*\}))/
