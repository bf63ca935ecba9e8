import type { PublicDirectives } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import { noticesInForce } from './notices-in-force.ts'

type PublicNotice = PublicDirectives['notices'][number]

const notice = (id: string, more: Partial<PublicNotice>): PublicNotice =>
  ({ id, incident: id, severity: 'info', select: {}, ttlMs: 1_000, ...more }) as PublicNotice
const inForce = (notices: PublicNotice[], ageMs: number, audience = {}): string[] =>
  noticesInForce(notices, ageMs, audience).map(({ id }) => id)

describe('noticesInForce', () => {
  it('has the worst first', () => {
    const notices = [
      notice('a', {}),
      notice('b', { severity: 'critical' }),
      notice('c', { severity: 'warning' }),
    ]
    expect(inForce(notices, 0)).toEqual(['b', 'c', 'a'])
  })

  it('ends each when its own time is up', () => {
    expect(inForce([notice('a', { ttlMs: 100 }), notice('b', {})], 100)).toEqual(['b'])
  })

  it('leaves out whom it does not concern, and nobody who may be concerned', () => {
    const notices = [notice('a', { select: { route: 'chat', tier: 'free' } })]
    expect(inForce(notices, 0, { route: 'chat', tier: 'free' })).toEqual(['a'])
    expect(inForce(notices, 0, { route: 'chat' })).toEqual(['a'])
    expect(inForce(notices, 0, { route: 'search', tier: 'free' })).toEqual([])
    expect(inForce(notices, 0, { route: 'chat', tier: 'paid' })).toEqual([])
  })
})
