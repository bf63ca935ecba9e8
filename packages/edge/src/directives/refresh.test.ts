import { NO_DIRECTIVES } from '@paceline/core'
import { describe, expect, it } from 'vitest'
import { DirectiveView, type HeldDirectives } from './directive-view.ts'
import { Refresh } from './refresh.ts'

const held = (version: number): HeldDirectives => ({
  directives: { ...NO_DIRECTIVES, epoch: 1, version, maxAgeMs: 1_000 },
  ageMs: 0,
})

describe('the refresh of directives', () => {
  it('asks once a second, however many ask it', async () => {
    const [view, refresh] = [new DirectiveView(), new Refresh()]
    let [now, asked] = [0, 0]
    const ask = (): Promise<HeldDirectives> => Promise.resolve(held((asked += 1)))
    for (const at of [0, 1, 999, 1_000, 1_500, 2_000]) {
      now = at
      await refresh.run(view, ask, () => now)
    }
    expect(asked).toBe(3)
    expect(view.version.version).toBe(3)
  })

  it('leaves the last word where nobody answers', async () => {
    const [view, refresh] = [new DirectiveView(), new Refresh()]
    view.take(held(4), 0)
    await refresh.run(
      view,
      () => Promise.reject(new Error('out')),
      () => 5_000,
    )
    expect(view.version.version).toBe(4)
  })
})
