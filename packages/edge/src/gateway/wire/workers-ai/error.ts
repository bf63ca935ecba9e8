import type { Failure, FailureKind, Phase } from '@paceline/core'
import * as v from 'valibot'
import { classify } from '../classify.ts'
import { parseOpenAiError } from '../openai/answer.ts'

/** Workers AI's own errors: of the binding, and in the list that Cloudflare's API answers with. */
const detail = v.looseObject({
  internalCode: v.nullish(v.number()),
  code: v.nullish(v.union([v.string(), v.number()])),
  description: v.nullish(v.string()),
  message: v.nullish(v.string()),
  name: v.nullish(v.string()),
})
const errorSchema = v.union([
  v.pipe(
    detail,
    v.check((error) => typeof error.internalCode === 'number'),
  ),
  v.pipe(
    v.looseObject({ errors: v.tupleWithRest([detail], v.unknown()) }),
    v.transform(({ errors }) => errors[0]),
  ),
])

/** https://developers.cloudflare.com/workers-ai/platform/errors/ */
const CODES = new Map<number, readonly [status: number, kind: FailureKind | null]>([
  [3003, [400, null]],
  [3006, [413, null]],
  [3007, [408, null]],
  [3008, [408, null]],
  [3023, [403, 'unauthorized']],
  [3036, [429, null]],
  [3039, [400, 'misconfigured']],
  [3040, [429, 'overloaded']],
  [3041, [403, 'unauthorized']],
  [3042, [404, 'misconfigured']],
  [5004, [400, null]],
  [5005, [405, 'misconfigured']],
  [5006, [400, null]],
  [5007, [400, 'misconfigured']],
  [5016, [403, 'unauthorized']],
  [5018, [403, 'unauthorized']],
  [5019, [405, 'misconfigured']],
])

/** The status that stands for a code of Workers AI's; 500 for one that is not known. */
export const statusOfCode = (code: number): number => CODES.get(code)?.[0] ?? 500

export const isWorkersAiError = (body: unknown): boolean => v.is(errorSchema, body)

export function parseWorkersAiError(status: number | null, body: unknown, phase: Phase): Failure {
  const parsed = v.safeParse(errorSchema, body)
  if (!parsed.success) return parseOpenAiError(status, body, phase)
  const { internalCode, code, description, message, name } = parsed.output
  const number = internalCode ?? Number(code)
  const failure = classify({
    status: status ?? statusOfCode(number),
    phase,
    message: description ?? message ?? null,
    code: null,
    type: name ?? null,
    param: null,
  })
  const kind = CODES.get(number)?.[1] ?? failure.kind
  return { ...failure, kind }
}
