import type { Recorder } from './event.ts'

/** Keeps nothing until it is opened: before that it isn't known whether the user wants anything reported. */
export function gatedRecorder(): Recorder & { open(behind: Recorder): void } {
  let behind: Recorder | undefined
  const nothing = (): void => undefined
  return {
    open: (recorder) => (behind = recorder),
    record: (type, data) => behind?.record(type, data),
    hold: (type, data) => behind?.hold(type, data) ?? { amend: nothing, release: nothing, withdraw: nothing },
  }
}
