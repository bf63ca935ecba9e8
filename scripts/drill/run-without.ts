import type { Missing, Options } from './options.ts'
import type { StepLog } from './step-log.ts'
import { withoutAlternative } from './without/alternative.ts'
import { withoutChannel } from './without/channel.ts'
import { withoutCoordinator } from './without/coordinator.ts'
import { withoutPower } from './without/power.ts'
import { withoutFault } from './without/fault.ts'

/** What must happen when something is missing. */
export const runWithout: Readonly<Record<Missing, (options: Options, log: StepLog) => Promise<void>>> = {
  fault: withoutFault,
  coordinator: withoutCoordinator,
  channel: withoutChannel,
  alternative: withoutAlternative,
  power: withoutPower,
}
