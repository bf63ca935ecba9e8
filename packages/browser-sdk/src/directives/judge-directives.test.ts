import { isNewer as isNewerInCore, publicDirectivesSchema, type PublicDirectives } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import { isNewer } from './is-newer.ts'
import { judgeDirectives } from './judge-directives.ts'

const notice = {
  id: 'n',
  incident: 'i',
  severity: 'info',
  code: 'c',
  select: { route: 'chat' },
  symptom: 's',
  works: 'w',
  action: 'a',
  since: 1,
  nextUpdateMs: 1,
  ttlMs: 1,
} as const
const good: PublicDirectives = {
  epoch: 2,
  version: 5,
  issuedAt: 1,
  maxAgeMs: 60_000,
  sdk: true,
  sampling: 1,
  mode: 'normal',
  notices: [notice],
}
const isGoodToCore = (document: unknown): boolean => {
  const result = publicDirectivesSchema['~standard'].validate(document)
  return 'value' in result && result.issues === undefined
}
const judge = (document: unknown, held?: { epoch: number; version: number }) =>
  judgeDirectives(JSON.stringify(document), held)

describe('judgeDirectives', () => {
  it('takes the first good document, and then every one that is not older', () => {
    expect(judge(good)).toEqual(good)
    expect(judge(good, { epoch: 2, version: 4 })).toEqual(good)
    expect(judge(good, { epoch: 3, version: 1 })).toEqual({ reason: 'older', epoch: 2, version: 5 })
  })

  it('takes the same one again, since its ages are as of now', () => {
    const younger = { ...good, maxAgeMs: 30_000 }
    expect(judge(younger, good)).toEqual(younger)
  })

  it.each(['', ' \n'])('calls %o empty', (text) => {
    expect(judgeDirectives(text, undefined)).toEqual({ reason: 'empty' })
  })

  it.each(['<html>', 'null', '[]', '{}', '5'])('calls %s malformed', (text) => {
    expect(judgeDirectives(text, undefined)).toEqual({ reason: 'malformed' })
  })

  /** All that is read. */
  const fields = [
    'epoch',
    'version',
    'maxAgeMs',
    'sdk',
    'sampling',
    'notices',
    ...Object.keys(notice)
      .filter((key) => key !== 'id' && key !== 'since')
      .map((key) => `notices.${key}`),
  ]
  const values = [
    undefined,
    null,
    -1,
    0,
    0.5,
    1,
    2,
    1e12,
    '',
    'name',
    'two words',
    'x'.repeat(301),
    true,
    [],
    {},
    [null],
    [{}],
  ]
  const change = (field: string, value: unknown): unknown => {
    const [head = '', key] = field.split('.')
    return key === undefined
      ? { ...good, [head]: value }
      : { ...good, notices: [{ ...notice, [key]: value }] }
  }

  it.each(fields)('takes what the schema of core takes of %s, and no value of another type', (field) => {
    const [, key] = field.split('.')
    const type = typeof (key === undefined ? good : notice)[(key ?? field) as never]
    const taken = values.filter((value) => !('reason' in judge(change(field, value))))
    expect(taken).toEqual(
      expect.arrayContaining(values.filter((value) => isGoodToCore(change(field, value)))),
    )
    expect(taken.filter((value) => value === null || typeof value !== type)).toEqual([])
  })
})

describe('isNewer', () => {
  it('is the rule of core', () => {
    const versions = [0, 1, 2].flatMap((epoch) => [0, 1, 2].map((version) => ({ epoch, version })))
    for (const next of versions)
      for (const current of versions) expect(isNewer(next, current)).toBe(isNewerInCore(next, current))
  })
})
