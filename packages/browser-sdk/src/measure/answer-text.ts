export const REGION = '[data-ai-answer]'
const REASONING = '[data-ai-reasoning]'
const NEVER_ANSWER = '[hidden],[aria-hidden=true],[role=status],[role=progressbar],script,style,template'

// As `NodeFilter` has them. https://dom.spec.whatwg.org/#interface-nodefilter
const ELEMENTS_AND_TEXT = 5
const ACCEPT = 1
const REJECT = 2
const SKIP = 3

/** How often each piece of text stands in a region. */
export type Texts = ReadonlyMap<string, number>

/**
 * The first text node that shows something and that is wanted. What matches `left` is left out, as are white space,
 * zero-width characters and other characters that paint nothing.
 */
function findText(root: Element, left: string, isWanted: (text: string) => boolean): Text | undefined {
  const walker = document.createTreeWalker(root, ELEMENTS_AND_TEXT, (node) => {
    if (!(node instanceof Element)) return ACCEPT
    return node.matches(left) ? REJECT : SKIP
  })
  while (walker.nextNode()) {
    const node = walker.currentNode as Text
    const text = node.data.replaceAll(/[\s\p{Cf}]/gu, '')
    if (text !== '' && isWanted(text)) return node
  }
  return undefined
}

const findAnswer = (region: Element, isWanted: (text: string) => boolean): Text | undefined =>
  findText(region, `${NEVER_ANSWER},${REASONING}`, isWanted)

export const showsText = (region: Element): boolean => findAnswer(region, () => true) !== undefined

/** The texts of a region as they are now, so that what comes later can be told from them. */
export function textsOf(region: Element): Texts {
  const texts = new Map<string, number>()
  findAnswer(region, (text) => {
    texts.set(text, (texts.get(text) ?? 0) + 1)
    return false
  })
  return texts
}

/**
 * The first text node that was not there before. It goes by what is written and not by the nodes, since frameworks put
 * the same words into new nodes.
 */
export function newTextIn(region: Element, before: Texts): Text | undefined {
  const left = new Map(before)
  return findAnswer(region, (text) => {
    const count = left.get(text) ?? 0
    left.set(text, count - 1)
    return count < 1
  })
}

/** How many parts of a region show reasoning. */
export const reasoningIn = (region: Element): number =>
  [...region.querySelectorAll(REASONING)].filter((part) => findText(part, NEVER_ANSWER, () => true)).length
