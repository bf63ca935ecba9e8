import { expect, it } from 'vitest'
import { readOptions } from '../../scripts/local/options.ts'

it('takes every port there is, but leaves room behind the first mock provider’s', () => {
  expect(readOptions(['--port', '65535'], 3)).toMatchObject({ chatPort: 65_535 })
  expect(readOptions(['--mock-port', '65533'], 3)).toMatchObject({ mockPort: 65_533 })
  expect(() => readOptions(['--mock-port', '65534'], 3)).toThrow('expected a port number from 1 to 65533')
})

it.each(['0', '65536', '', '0x50', '8.5', '-1'])('refuses the port %j', (text) => {
  expect(() => readOptions([`--port=${text}`], 3)).toThrow('expected a port number from 1 to 65535')
})
