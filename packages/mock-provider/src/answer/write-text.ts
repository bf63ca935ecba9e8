import { voices } from './default-texts.ts'
import { createRandom, type Random } from './random.ts'

/** What a text depends on, and nothing else: the same input gives the same text. */
export interface TextSource {
  readonly seed: number
  /** The provider's name. */
  readonly name: string
  /** The attempt's number. */
  readonly attempt: number
  /** What the user asked. */
  readonly question: string
  /** Templates from outside; without any, the default texts are used. */
  readonly texts: readonly string[]
}

const longestEcho = 200

/** A whole answer: a template from outside, or five sentences in this provider's voice. */
export function writeText(source: TextSource): string {
  const random = randomFor(source)
  const [first, ...others] = source.texts
  if (first !== undefined) return fillIn(random.pick([first, ...others]), source)
  const voice = voiceOf(source)
  const sentences = [
    random.pick(voice.openings),
    ...shuffle(voice.middles, random).slice(0, 4),
    random.pick(voice.closings),
  ]
  return fillIn(sentences.join(' '), source)
}

/** Goes on from a text that this provider did not write. */
export function continueText(source: TextSource, prefill: string): string {
  const random = randomFor(source)
  const voice = voiceOf(source)
  const sentences = [...shuffle(voice.middles, random).slice(0, 3), random.pick(voice.closings)]
  // After a whole sentence a new one may begin; inside one, a clause must lead out of it.
  if (!/[.!?:]["')\]]*\s*$/.test(prefill)) sentences.unshift(random.pick(voice.continuations))
  return `${/\s$/.test(prefill) ? '' : ' '}${sentences.join(' ')}`
}

function randomFor(source: TextSource): Random {
  return createRandom('text', source.seed, source.name, source.attempt, source.question)
}

function voiceOf(source: TextSource): (typeof voices)[number] {
  return createRandom('voice', source.name).pick(voices)
}

function shuffle(items: readonly string[], random: Random): readonly string[] {
  return items
    .map((item) => ({ item, order: random.next() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item)
}

/** One pass, so that a question which contains `{attempt}` stays as it is. */
function fillIn(template: string, source: TextSource): string {
  return template.replaceAll(/\{(provider|attempt|prompt)\}/g, (_, name: string) => {
    if (name === 'provider') return source.name
    return name === 'attempt' ? String(source.attempt) : source.question.slice(0, longestEcho)
  })
}
