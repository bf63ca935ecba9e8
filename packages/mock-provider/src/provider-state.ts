import * as v from 'valibot'
import { AttemptLog } from './attempt-log.ts'
import { faultPlanSchema, type FaultPlan, type PlayableFault } from './fault/fault.ts'
import { FaultSchedule } from './fault/fault-schedule.ts'
import {
  changeSettings,
  defaultSettings,
  settingsChangeSchema,
  type Settings,
  type SettingsChange,
} from './settings.ts'

const textsKept = 500
const schedulesKept = 1000

/** What one provider is and remembers. Changes are validated here, whether they come by call or by HTTP. */
export class ProviderState {
  readonly name: string
  readonly apiKey: string | null
  /** Null: every name is a model. */
  readonly models: readonly string[] | null
  readonly attempts = new AttemptLog()
  readonly startedAt = new Date()
  readonly #originMs = performance.now()
  #settings = defaultSettings
  #plan: FaultPlan = null
  #schedule = new FaultSchedule([], 0)
  readonly #planned = new Map<string, FaultSchedule>()
  readonly #modelSchedules = new Map<string, FaultSchedule>()
  #texts: string[] = []
  #attemptNumber = 0

  constructor(name: string, apiKey: string | null, models: readonly string[] | null) {
    this.name = name
    this.apiKey = apiKey
    this.models = models
  }

  /** Milliseconds since the provider started. */
  nowMs(): number {
    return performance.now() - this.#originMs
  }

  get settings(): Settings {
    return this.#settings
  }

  /** @throws ValiError when a setting is not what it should be */
  configure(change: SettingsChange): void {
    this.#settings = changeSettings(this.#settings, v.parse(settingsChangeSchema, change))
  }

  /** What was set, with its defaults filled in. */
  get plan(): FaultPlan {
    return this.#plan
  }

  /** @throws ValiError when a fault is not what it should be */
  setPlan(plan: FaultPlan): void {
    const faults = plan === null ? [] : v.parse(faultPlanSchema, plan)
    const [only, ...others] = faults
    this.#plan = only === undefined ? null : others.length === 0 ? only : faults
    this.#schedule = new FaultSchedule(faults, this.nowMs())
  }

  /**
   * Sets the faults of one model, beside those of all.
   *
   * @throws ValiError when a fault is not what it should be
   */
  setModelPlan(model: string, plan: FaultPlan): void {
    const faults = plan === null ? [] : v.parse(faultPlanSchema, plan)
    this.#planned.set(model, new FaultSchedule(faults, this.nowMs()))
  }

  /** What was set for all models, then what was set for this one. */
  schedulesFor(model: string): readonly FaultSchedule[] {
    const own = this.#planned.get(model)
    return own === undefined ? [this.#schedule] : [this.#schedule, own]
  }

  /** The schedule of the faults that a model's name carries; it goes on from call to call, so that `times` counts. */
  scheduleOf(model: string, faults: readonly PlayableFault[]): FaultSchedule {
    const known = this.#modelSchedules.get(model)
    if (known !== undefined) return known
    const [oldest] = this.#modelSchedules.keys()
    if (oldest !== undefined && this.#modelSchedules.size >= schedulesKept)
      this.#modelSchedules.delete(oldest)
    const schedule = new FaultSchedule(faults, this.nowMs())
    this.#modelSchedules.set(model, schedule)
    return schedule
  }

  /** The number of the newest attempt; 0 before the first. */
  get lastNumber(): number {
    return this.#attemptNumber
  }

  nextNumber(): number {
    this.#attemptNumber += 1
    return this.#attemptNumber
  }

  /** Whole texts that were begun here, so that a prefill can be continued from the text that it starts. */
  get texts(): readonly string[] {
    return this.#texts
  }

  rememberText(text: string): void {
    this.#texts = [...this.#texts.slice(1 - textsKept), text]
  }
}
