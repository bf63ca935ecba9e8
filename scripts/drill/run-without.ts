import type { Step } from './incident.ts'
import type { Missing, Options } from './options.ts'
import { StepLog } from './step-log.ts'
import { withoutAlternative } from './without/alternative.ts'
import { withoutChannel } from './without/channel.ts'
import { withoutCoordinator } from './without/coordinator.ts'
import { withoutFault } from './without/fault.ts'

const DRILLS: Readonly<Record<Missing, (options: Options, log: StepLog) => Promise<void>>> = {
  fault: withoutFault,
  coordinator: withoutCoordinator,
  channel: withoutChannel,
  alternative: withoutAlternative,
}

/** Plays what must happen when something is missing. */
export async function runWithout(
  missing: Missing,
  options: Options,
  onStep: (step: Step) => void,
): Promise<readonly Step[]> {
  const log = new StepLog(onStep)
  await DRILLS[missing](options, log)
  return log.steps
}
