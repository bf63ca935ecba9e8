import './styles/theme.css'
import './styles/layout.css'
import './styles/chat.css'
import './styles/ride.css'
import './styles/plot.css'
import type { ProviderState } from '../src/chat-event.ts'
import type { Condition } from '../src/condition.ts'
import type { Outcome } from './ask.ts'
import { Conversation } from './chat/conversation.ts'
import { ConditionsPanel } from './conditions-panel.ts'
import { element } from './element.ts'
import { KeepRiding } from './keep-riding.ts'
import { WaitFigures } from './plot/wait-figures.ts'
import { WaitPlot } from './plot/wait-plot.ts'
import { changeCondition, fetchProviders } from './provider-api.ts'
import { PacelineScene } from './ride/paceline-scene.ts'
import { Roster } from './roster.ts'
import { startMeasuring } from './start-measuring.ts'

const refreshMs = 4_000

const roster = new Roster()
const scene = new PacelineScene(roster)
const plot = new WaitPlot(roster)
const figures = new WaitFigures(roster)
const panel = new ConditionsPanel(roster, (id, condition) => void change(id, condition))
const asking = { roster, paceline: await startMeasuring(), onAsked: () => scene.asked(), onOutcome }
const conversation = new Conversation(asking)
const keepRiding = new KeepRiding(asking)

const hint = element('p', { 'data-hint': '' })
const hintRow = element('div', { class: 'try' }, hint)
const waitsHead = element('div', { class: 'waits-head' }, element('h2', {}, 'Time to first token'))
const tryWords = [element('b', {}, 'Try this: '), 'press Keep riding, then tire the leader.']
const goneWords = [element('b', {}, 'The chat’s own server is gone. '), 'Is npm start still running?']

function onOutcome(outcome: Outcome): void {
  if (outcome.provider !== null && roster.join(outcome.provider)) showRoster()
  scene.ended(outcome.firstTextMs === null && outcome.state !== 'complete' ? null : outcome.provider)
  plot.add(outcome)
  figures.add(outcome)
}

function show(providers: readonly ProviderState[] | undefined): void {
  hint.replaceChildren(...(providers === undefined ? goneWords : tryWords))
  if (providers === undefined) return
  roster.set(providers)
  showRoster()
}

function showRoster(): void {
  scene.refresh()
  panel.refresh()
  plot.refreshLegend()
}

let changes = 0

async function change(id: string, condition: Condition): Promise<void> {
  changes += 1
  const mine = changes
  // At once, as a button should; the server's word follows and corrects it.
  roster.presume(id, condition)
  showRoster()
  const answer = await changeCondition(id, condition)
  if (mine === changes) show(answer ?? (await fetchProviders()))
}

async function refresh(): Promise<void> {
  if (document.hidden) return
  const before = changes
  const providers = await fetchProviders()
  if (before === changes) show(providers)
}

document.body.append(
  element(
    'header',
    { class: 'road-side' },
    scene.root,
    element(
      'div',
      { class: 'title' },
      element('h1', {}, 'Paceline'),
      element('p', {}, 'Nobody behind slows down.'),
    ),
    hintRow,
  ),
  panel.root,
  element(
    'main',
    {},
    conversation.root,
    element(
      'section',
      { class: 'waits', 'aria-label': 'Time to first token' },
      waitsHead,
      figures.root,
      plot.root,
      plot.legend,
      keepRiding.line,
    ),
  ),
)
const narrow = matchMedia('(max-width: 899px)')
/** Beside the plot where there is room; else above the cards, since the plot is two screens further down. */
function placeToggle(): void {
  const place = narrow.matches ? hintRow : waitsHead
  place.append(keepRiding.toggle)
}
placeToggle()
narrow.addEventListener('change', placeToggle)
conversation.focus()
void refresh()
window.setInterval(() => void refresh(), refreshMs)
