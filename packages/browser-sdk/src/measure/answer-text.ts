export const REGION = '[data-ai-answer]'
const REASONING = '[data-ai-reasoning]'
const NEVER_ANSWER = '[hidden],[aria-hidden=true],[role=status],[role=progressbar],script,style,template'

/** How often each piece of text stands in a region. */
export type Texts = ReadonlyMap<string, number>

/** Without white space, zero-width characters and other characters that paint nothing. */
const visibleIn = (text: string): string => text.replaceAll(/[\s\p{Cf}]/gu, '')

/** The text nodes of an answer that show something; reasoning and what assistive technology skips are left out. */
function* textNodes(root: Element, left: string): Generator<[Text, string]> {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) => {
    if (node instanceof Element) return node.matches(left) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_SKIP
    return visibleIn(node.nodeValue ?? '') === '' ? NodeFilter.FILTER_SKIP : NodeFilter.FILTER_ACCEPT
  })
  while (walker.nextNode() !== null) {
    const node = walker.currentNode as Text
    yield [node, visibleIn(node.data)]
  }
}

const answerTexts = (region: Element): Generator<[Text, string]> =>
  textNodes(region, `${NEVER_ANSWER},${REASONING}`)

export const showsText = (region: Element): boolean => answerTexts(region).next().done !== true

/** The texts of a region as they are now, so that what comes later can be told from them. */
export function textsOf(region: Element): Texts {
  const texts = new Map<string, number>()
  for (const [, text] of answerTexts(region)) texts.set(text, (texts.get(text) ?? 0) + 1)
  return texts
}

/**
 * The first text node that was not there before. It goes by what is written and not by the nodes, since frameworks put
 * the same words into new nodes.
 */
export function newTextIn(region: Element, before: Texts): Text | undefined {
  const left = new Map(before)
  for (const [node, text] of answerTexts(region)) {
    const count = left.get(text) ?? 0
    if (count === 0) return node
    left.set(text, count - 1)
  }
  return undefined
}

/** How many parts of a region show reasoning. */
export function reasoningIn(region: Element): number {
  const parts = [...region.querySelectorAll(REASONING)]
  return parts.filter((part) => textNodes(part, NEVER_ANSWER).next().done !== true).length
}
