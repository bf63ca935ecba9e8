import { describe, expect, it } from 'vitest'
import { readOptions } from './options.ts'

describe('readOptions', () => {
  it('measures everything that needs no further option', () => {
    const options = readOptions([])
    expect(options).toMatchObject({ rounds: 5, turnMs: 4_000, firstTokenMs: 50, slower: 10, soakMs: 0 })
    expect(options).toHaveProperty('only', new Set(['json', 'streams', 'first-output', 'brown-out']))
  })

  it('calls a first output late after four times the healthy one, unless told otherwise', () => {
    expect(readOptions(['--first-token-ms', '110'])).toHaveProperty('targetMs', 440)
    expect(readOptions(['--first-token-ms', '110', '--target-ms', '800'])).toHaveProperty('targetMs', 800)
  })

  it.each([
    [['--rounds', '0'], "--rounds is '0': expected a whole number from 1 to 1,000."],
    [['--seconds', 'four'], "--seconds is 'four': expected a whole number from 1 to 600."],
    [['--only', 'speed'], "--only is 'speed': expected one of json, streams, first-output, brown-out."],
    [['--text', ' '], '--text is empty: expected at least one word.'],
    [['--profile', '/nowhere'], "--profile is '/nowhere': expected a folder that is there."],
  ])('refuses %j and says why', (args, message) => {
    expect(() => readOptions(args)).toThrow(message)
  })

  it('refuses an option that does not exist', () => {
    expect(() => readOptions(['--faster'])).toThrow("Unknown option '--faster'")
  })
})
