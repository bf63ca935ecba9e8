import {
  isWhole,
  type EndingStep,
  type HeadStep,
  type Script,
  type Step,
  type TextStep,
} from '../script/script.ts'

/** The script as far as the first step for which `isEnd` holds, that step left out. */
export function before(script: Script, isEnd: (step: Step) => boolean): readonly Step[] {
  const end = script.steps.findIndex(isEnd)
  return end < 0 ? script.steps : script.steps.slice(0, end)
}

/**
 * The index of the step that would send token number `tokens + 1`; when there are fewer tokens, that of the step
 * that finishes the answer. Always after the headers, and after the wait for that token.
 */
export function afterTokens(script: Script, tokens: number): number {
  let seen = 0
  const index = script.steps.findIndex((step) => {
    if (step.do === 'end') return true
    if (step.do !== 'event') return false
    if (step.part === 'token') seen += 1
    return seen > tokens || (step.part !== 'role' && step.part !== 'token')
  })
  return index < 0 ? script.steps.length : index
}

/** Sends `tokens` tokens of the answer, or that share of a whole body, and then does something else. */
export function breakOff(script: Script, tokens: number, rest: readonly Step[]): Script {
  if (!isWhole(script))
    return { ...script, steps: [...script.steps.slice(0, afterTokens(script, tokens)), ...rest] }
  const steps = before(script, (step) => step.do === 'text' || step.do === 'end')
  const body = script.steps.find((step) => step.do === 'text')
  return { ...script, steps: [...steps, ...(body === undefined ? [] : [cutText(body, tokens)]), ...rest] }
}

/** As much of a body as `tokens` of its tokens are of all; never the whole. */
export function cutText(body: TextStep, tokens: number): TextStep {
  const share = Math.min(tokens, body.tokens) / Math.max(1, body.tokens)
  const length = Math.min(Math.floor(body.text.length * share), body.text.length - 1)
  return { ...body, text: body.text.slice(0, length), tokens: Math.min(tokens, body.tokens) }
}

/** Changes the response's head. */
export function mapHead(script: Script, change: (head: HeadStep) => HeadStep): Script {
  return { ...script, steps: script.steps.map((step) => (step.do === 'head' ? change(step) : step)) }
}

/** Puts another body into an answer that is not streamed, with a true length. */
export function replaceBody(script: Script, text: string, how: EndingStep['how']): Script {
  const replaced = mapHead(script, (head) => ({
    ...head,
    framing: { contentLength: Buffer.byteLength(text) },
  }))
  const steps = before(replaced, (step) => step.do === 'text' || step.do === 'end')
  return { ...replaced, steps: [...steps, { do: 'text', text, tokens: 0 }, { do: 'end', how }] }
}
