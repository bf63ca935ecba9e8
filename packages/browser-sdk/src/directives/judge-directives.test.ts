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
  it('accepts the first good document, and then only newer ones', () => {
    expect(judge(good)).toEqual({ kind: 'accepted', directives: good })
    expect(judge(good, { epoch: 2, version: 4 }).kind).toBe('accepted')
    expect(judge(good, { epoch: 2, version: 5 })).toEqual({ kind: 'known' })
    expect(judge(good, { epoch: 3, version: 1 })).toEqual({
      kind: 'refused',
      refusal: { reason: 'older', epoch: 2, version: 5 },
    })
  })

  it.each(['', ' \n'])('calls %o empty', (text) => {
    expect(judgeDirectives(text, undefined)).toEqual({ kind: 'refused', refusal: { reason: 'empty' } })
  })

  it('calls what is no JSON malformed', () => {
    expect(judgeDirectives('<html>', undefined)).toEqual({
      kind: 'refused',
      refusal: { reason: 'malformed' },
    })
  })

  const fields = [
    ...Object.keys(good),
    ...Object.keys(notice).map((key) => `notices.${key}`),
    'select.route',
    'select.tier',
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
    if (key === undefined) return { ...good, [head]: value }
    const select = head === 'select' ? { select: { ...notice.select, [key]: value } } : { [key]: value }
    return { ...good, notices: [{ ...notice, ...select }] }
  }

  it.each(fields)('agrees with the schema of core on every value of %s', (field) => {
    for (const value of values) {
      const document: unknown = JSON.parse(JSON.stringify(change(field, value)))
      const accepted = judge(document).kind === 'accepted'
      expect([field, value, accepted]).toEqual([field, value, isGoodToCore(document)])
    }
  })
})

describe('isNewer', () => {
  it('is the rule of core', () => {
    const versions = [0, 1, 2].flatMap((epoch) => [0, 1, 2].map((version) => ({ epoch, version })))
    for (const next of versions)
      for (const current of versions) expect(isNewer(next, current)).toBe(isNewerInCore(next, current))
  })
})
