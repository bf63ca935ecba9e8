import { isolated } from '../isolated.ts'
import type { NoticeText } from './compose-notice.ts'
import { ENGLISH, type NoticeOptions } from './notice-options.ts'
import { NOTICE_STYLE } from './notice-style.ts'

export interface NoticeView {
  show(text: NoticeText, severity: string): void
  /** One calm sentence that it is over. */
  showResolved(): void
  hide(): void
  remove(): void
}

/**
 * The notice on the page. Its status region is there before there is anything to say, since assistive technology reads
 * only what changes in a region that it knows. What changes with time stands outside, so that it isn't read again.
 */
export function createNoticeView(options: NoticeOptions, onDismiss: () => void): NoticeView {
  const say = { ...ENGLISH, ...options.words }
  const host = document.createElement('paceline-notice')
  const shadow = host.attachShadow({ mode: 'open' })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(NOTICE_STYLE)
  shadow.adoptedStyleSheets = [sheet]

  const status = make('div', 'status')
  status.setAttribute('role', 'status')
  const stale = make('p', 'stale')
  const news = make('p', 'news')
  const links = make('nav', 'links')
  const dismiss = make('button', 'dismiss')
  dismiss.type = 'button'
  dismiss.setAttribute('aria-label', say.dismiss)
  const card = make('div', 'card', status, stale, news, links, dismiss)
  card.setAttribute('role', 'group')
  card.setAttribute('aria-label', say.label)
  for (const { href, text } of options.links ?? []) {
    const link = make('a', 'link', text)
    link.href = href
    links.append(link)
  }
  shadow.append(card)

  let cameFrom: EventTarget | null = null
  dismiss.addEventListener('focus', (event) => (cameFrom = event.relatedTarget))
  dismiss.addEventListener(
    'click',
    isolated(() => {
      const hadFocus = shadow.activeElement === dismiss
      onDismiss()
      // Whoever came here by keyboard goes on where they were, and not at the top of the page.
      if (hadFocus && cameFrom instanceof HTMLElement) cameFrom.focus({ preventScroll: true })
    }),
  )

  let said = ''
  const fill = (look: string, words: string, ...parts: readonly Node[]): void => {
    card.className = `card ${look}`
    // The same words again would be read again.
    if (words === said) return
    said = words
    status.replaceChildren(...parts)
  }
  const about = (line: HTMLElement, text = ''): void => {
    line.textContent = text
    line.hidden = text === ''
  }
  const hide = (): void => fill('bare', '')
  hide()
  ;(options.container ?? document.body).append(host)

  return {
    show: ({ symptom, facts, news: age, stale: staleWords }, severity) => {
      const list = make('dl', 'facts')
      for (const [label, text] of facts) {
        const fact = make('div', 'fact')
        fact.append(make('dt', 'label', label), make('dd', 'text', text))
        list.append(fact)
      }
      fill(severity, JSON.stringify([symptom, facts]), make('p', 'symptom', symptom), list)
      about(stale, staleWords)
      about(news, age)
      links.hidden = links.childElementCount === 0
    },
    showResolved: () => {
      fill('resolved', say.resolved, make('p', 'symptom', say.resolved))
      about(stale)
      about(news)
      links.hidden = true
    },
    hide,
    remove: () => host.remove(),
  }
}

/** An element that the page can style by its part. */
function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  part: string,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  element.className = part
  element.setAttribute('part', part)
  element.append(...children)
  return element
}
