import type { ObservedCondition } from '../../src/condition.ts'
import { cadenceOf } from './pose.ts'

/**
 * The line after an answer, front first: who answered takes the front, the others keep their order behind, and those
 * who no longer ride drop to the end.
 */
export function lineAfterAnswer(
  line: readonly string[],
  answeredBy: string,
  condition: (id: string) => ObservedCondition,
): string[] {
  if (!line.includes(answeredBy)) return [...line]
  const others = line.filter((id) => id !== answeredBy)
  const rides = (id: string) => cadenceOf(condition(id)) > 0
  return [answeredBy, ...others.filter(rides), ...others.filter((id) => !rides(id))]
}

/** The same line when riders were added to the configuration or left it. */
export function lineOf(line: readonly string[], ids: readonly string[]): string[] {
  return [...line.filter((id) => ids.includes(id)), ...ids.filter((id) => !line.includes(id))]
}
