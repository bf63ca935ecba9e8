import { isolated } from '../isolated.ts'
import { REGION, showsText } from './answer-text.ts'

/**
 * Looks for the region that a question is answered in: one that was empty when it was asked or that came afterwards. An
 * answer that already stands, or still grows, belongs to an older question until its region has been cleared.
 *
 * @returns ends the search
 */
export function findRegion(found: (region: Element) => void): () => void {
  const regions = (root: ParentNode): Element[] => [...root.querySelectorAll(REGION)]
  const standing = new Set(regions(document).filter(showsText))
  const told = new Set<Element>()

  const consider = (region: Element): void => {
    if (standing.has(region)) {
      if (!showsText(region)) standing.delete(region)
    } else if (!told.has(region)) {
      told.add(region)
      found(region)
    }
  }
  const observer = new MutationObserver(
    isolated((records: MutationRecord[]) => {
      for (const record of records) {
        const { target, addedNodes } = record
        const around = (target instanceof Element ? target : target.parentElement)?.closest(REGION)
        if (around) {
          if (!standing.has(around) || takesAway(record)) consider(around)
        } else
          for (const node of addedNodes)
            if (node instanceof Element) (node.matches(REGION) ? [node] : regions(node)).forEach(consider)
      }
    }),
  )
  observer.observe(document, {
    childList: true,
    subtree: true,
    characterData: true,
    attributeFilter: ['data-ai-answer'],
  })
  return () => observer.disconnect()
}

/** Only such a change can clear an answer; all others are its next tokens, and there are many. */
const takesAway = ({ removedNodes, target }: MutationRecord): boolean =>
  removedNodes.length > 0 || target.nodeValue === ''
