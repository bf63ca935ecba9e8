import * as v from 'valibot'
import { durationMsSchema } from './fault/modifiers.ts'

const delaysEntries = {
  /** From the request to the response's headers. */
  headersMs: durationMsSchema,
  /** From the headers to the first token. */
  firstTokenMs: durationMsSchema,
  /** From one token to the next. */
  tokenMs: durationMsSchema,
  /** Each delay varies by up to this share of itself: 0.2 is ±20 %. */
  jitter: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
}

/** What can be changed while the provider runs. */
export const settingsSchema = v.strictObject({
  seed: v.pipe(v.number(), v.safeInteger()),
  delays: v.strictObject(delaysEntries),
  /** Templates with `{provider}`, `{attempt}` and `{prompt}`; none: the default texts. */
  texts: v.pipe(v.array(v.pipe(v.string(), v.nonEmpty('A text must not be empty.'))), v.readonly()),
  /** What becomes of a prompt that ends with an assistant message. */
  prefill: v.picklist(['continue', 'refuse']),
})

/** A change of settings; what is left out stays as it is. */
export const settingsChangeSchema = v.strictObject({
  ...v.partial(settingsSchema).entries,
  delays: v.optional(v.partial(v.strictObject(delaysEntries))),
})

export type Settings = v.InferOutput<typeof settingsSchema>
export type SettingsChange = v.InferOutput<typeof settingsChangeSchema>

/** Instant and repeatable: what a test wants. */
export const defaultSettings: Settings = {
  seed: 1,
  delays: { headersMs: 0, firstTokenMs: 0, tokenMs: 0, jitter: 0 },
  texts: [],
  prefill: 'continue',
}

export function changeSettings(settings: Settings, change: SettingsChange): Settings {
  const { seed, texts, prefill, delays } = change
  return {
    seed: seed ?? settings.seed,
    texts: texts ?? settings.texts,
    prefill: prefill ?? settings.prefill,
    delays: {
      headersMs: delays?.headersMs ?? settings.delays.headersMs,
      firstTokenMs: delays?.firstTokenMs ?? settings.delays.firstTokenMs,
      tokenMs: delays?.tokenMs ?? settings.delays.tokenMs,
      jitter: delays?.jitter ?? settings.delays.jitter,
    },
  }
}
