import { expect, it } from 'vitest'
import { allowedCores } from './cores.ts'

it.each([
  ["pid 7's current affinity list: 0,1\n", [0, 1]],
  ["pid 7's current affinity list: 2-4,9\n", [2, 3, 4, 9]],
  ["pid 7's current affinity list: 0\n", [0]],
  ['', []],
])('reads %j', (shown, cores) => {
  expect(allowedCores(shown)).toEqual(cores)
})
