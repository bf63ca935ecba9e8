import * as v from 'valibot'
import type { Prompt, PromptMessage, ToolChoice } from '../answer/prompt.ts'
import { describeIssue, joinTexts, objectSchema } from './request-schema.ts'
import type { Call, PromptResult } from './wire.ts'

const part = v.looseObject({
  text: v.optional(v.string()),
  functionCall: v.optional(v.unknown()),
  functionResponse: v.optional(v.unknown()),
})
const parts = v.looseObject({ parts: v.array(part) })

const requestSchema = v.looseObject({
  contents: v.pipe(
    v.array(v.looseObject({ ...parts.entries, role: v.optional(v.picklist(['user', 'model', 'function'])) })),
    v.nonEmpty(),
  ),
  systemInstruction: v.optional(parts),
  tools: v.optional(
    v.array(
      v.looseObject({
        functionDeclarations: v.optional(
          v.array(
            v.looseObject({
              name: v.string(),
              parameters: v.optional(objectSchema),
              parametersJsonSchema: v.optional(objectSchema),
            }),
          ),
        ),
      }),
    ),
  ),
  toolConfig: v.optional(
    v.looseObject({
      functionCallingConfig: v.optional(
        v.looseObject({
          mode: v.optional(v.picklist(['AUTO', 'ANY', 'NONE', 'VALIDATED'])),
          allowedFunctionNames: v.optional(v.array(v.string())),
        }),
      ),
    }),
  ),
  generationConfig: v.optional(
    v.looseObject({
      maxOutputTokens: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
      stopSequences: v.optional(v.array(v.string())),
      responseMimeType: v.optional(v.string()),
      responseSchema: v.optional(objectSchema),
      responseJsonSchema: v.optional(objectSchema),
    }),
  ),
})

type GeminiRequest = v.InferOutput<typeof requestSchema>

/** Reads the body of a generateContent or streamGenerateContent call. */
export function readGeminiPrompt(body: unknown, call: Call): PromptResult {
  const result = v.safeParse(requestSchema, body)
  if (!result.success) {
    return { ok: false, message: `Invalid JSON payload received. ${describeIssue(result.issues[0])}` }
  }
  return { ok: true, prompt: toPrompt(result.output, call) }
}

function toPrompt(request: GeminiRequest, call: Call): Prompt {
  const config = request.generationConfig
  const system = request.systemInstruction
  const declarations = (request.tools ?? []).flatMap((tool) => tool.functionDeclarations ?? [])
  return {
    model: call.model ?? '',
    stream: call.stream ?? false,
    messages: [
      ...(system === undefined
        ? []
        : [{ role: 'system' as const, text: joinTexts(system.parts), callsTools: false }]),
      ...request.contents.map(toMessage),
    ],
    tools: declarations.map((tool) => ({
      name: tool.name,
      schema: tool.parametersJsonSchema ?? tool.parameters ?? {},
    })),
    toolChoice: toToolChoice(request),
    maxTokens: config?.maxOutputTokens ?? null,
    stopSequences: config?.stopSequences ?? [],
    outputSchema: toOutputSchema(request),
    includeUsage: true,
  }
}

function toMessage({ role, parts }: GeminiRequest['contents'][number]): PromptMessage {
  const callsTools = parts.some((each) => each.functionCall !== undefined)
  const returnsTool = role === 'function' || parts.some((each) => each.functionResponse !== undefined)
  const text = joinTexts(parts)
  if (returnsTool) return { role: 'tool', text, callsTools }
  return { role: role === 'model' ? 'assistant' : 'user', text, callsTools }
}

function toToolChoice({ toolConfig }: GeminiRequest): ToolChoice {
  const config = toolConfig?.functionCallingConfig
  const [name] = config?.allowedFunctionNames ?? []
  if (config?.mode === 'NONE') return 'none'
  if (config?.mode === 'ANY') return name === undefined ? 'required' : { name }
  return 'auto'
}

function toOutputSchema({ generationConfig: config }: GeminiRequest): Prompt['outputSchema'] {
  if (config?.responseMimeType !== 'application/json') return null
  return (
    config.responseJsonSchema ?? config.responseSchema ?? { properties: { answer: {} }, required: ['answer'] }
  )
}
