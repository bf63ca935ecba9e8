import { reportSchema } from '@paceline/core'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { Gathering } from './gathering.ts'

const EMPTY = { observations: [], refusals: [] }
const sample = (candidate: string, ms: number): Parameters<Gathering['addSample']>[0] => ({
  route: 'chat',
  candidate,
  directives: 1,
  ms,
  late: ms > 800,
})

describe('gathering', () => {
  it('adds up what belongs together, in the order in which it came', () => {
    const gathering = new Gathering(EMPTY)
    for (const ms of [900, 300, 901, 902]) gathering.addSample(sample('gpt', ms))
    gathering.addSample(sample('claude', 100))
    expect(gathering.contents.observations).toMatchObject([
      { candidate: 'gpt', summary: { count: 4, late: 3, prefix: 1, suffix: 2, longest: 2 } },
      { candidate: 'claude', summary: { count: 1, late: 0 } },
    ])
  })

  it('goes on where it was put away', () => {
    const first = new Gathering(EMPTY)
    first.addSample(sample('gpt', 900))
    first.addRefusal({ what: 'evidence-forged', source: '/browser' })
    const then = new Gathering(JSON.parse(JSON.stringify(first.contents)) as typeof first.contents)
    then.addSample(sample('gpt', 900))
    then.addRefusal({ what: 'evidence-forged', source: '/browser' })
    expect(then.contents).toMatchObject({
      observations: [{ summary: { count: 2, longest: 2 } }],
      refusals: [{ count: 2 }],
    })
  })

  it('always fits into a report, whoever floods it, names twenty, and loses no count of refusals', () => {
    const gathering = new Gathering(EMPTY)
    for (let index = 0; index < 2_000; index += 1) {
      gathering.addSample(sample(`candidate-${index}`, 900))
      const source = `/server/${index}`
      gathering.addRefusal({ what: 'directive-refused', source, reason: 'malformed' })
      gathering.addRefusal({ what: 'directive-refused', source, reason: 'older' })
      gathering.addRefusal({ what: 'evidence-forged', source: '/browser' })
    }
    const { refusals } = gathering.contents
    const report = { from: 'ingest:0', sequence: 1, ...gathering.contents }
    expect(v.is(reportSchema, report)).toBe(true)
    expect(refusals.reduce((sum, { count }) => sum + count, 0)).toBe(6_000)
    expect(refusals.filter(({ source }) => source.startsWith('/server/'))).toHaveLength(20)
    expect(refusals.filter(({ source }) => !source.startsWith('/server/'))).toEqual([
      { what: 'evidence-forged', source: '/browser', count: 2_000 },
      { what: 'directive-refused', source: 'others', reason: 'malformed', count: 1_990 },
      { what: 'directive-refused', source: 'others', reason: 'older', count: 1_990 },
    ])
  })
})
