import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ask } from '../support/ask.ts'
import { BROWSER, send, SERVER, shown } from '../support/events.ts'
import { seal } from '../support/receipt.ts'
import { KEYS, startStack, type Stack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

async function audit(): Promise<string> {
  const response = await fetch(`${stack.url}/ops/api/audit`, {
    headers: { authorization: `Bearer ${KEYS.operator}` },
  })
  if (response.status !== 200) throw new Error(await response.text())
  return response.text()
}

describe('the audit', () => {
  it('shows that pages came with forged receipts, how many, and which server was sent directives that it had to refuse', async () => {
    const proof = `${'A'.repeat(16)}.${'B'.repeat(80)}`
    await send(
      stack,
      BROWSER,
      [1, 2, 3].map((id) => shown(`forged-${id}`, { proof }, { source: `/browser/forger-${id}` })),
    )
    await send(stack, SERVER, [
      {
        specversion: '1.0',
        id: 'refused',
        source: '/server/wary',
        type: 'directive.refused',
        time: '2026-11-22T16:30:00.000Z',
        data: { reason: 'wrongly-signed' },
      },
    ])
    await vi.waitFor(
      async () => {
        const lines = await audit()
        expect(lines).toContain('"what":"evidence-forged","source":"/browser","reason":null,"count":3')
        expect(lines).toContain('"what":"directive-refused","source":"/server/wary"')
        expect(lines).not.toContain('forger')
      },
      { timeout: 5_000 },
    )
  })

  it('shows a response to three pages that saw late answers with receipts, and none without', async () => {
    const [proven, claimed] = [stack.freshRoute('oa'), stack.freshRoute('oa')]
    // Pages alone move nothing: the gateway has seen something as well, and too little to act by itself.
    stack.openai.setFault({ kind: 'slow-first-token', ms: 60_000 })
    for (const route of [proven, proven, claimed, claimed])
      await ask(stack, 'openai', route, { stream: true })
    stack.heal()
    for (const id of ['a', 'b', 'c']) {
      await send(stack, BROWSER, [
        shown(`claimed-${id}`, { ttfvtMs: 2_345, route: claimed }),
        shown(`proven-${id}`, { ttfvtMs: 2_345, proof: await seal(proven, Date.now()) }),
      ])
    }
    await vi.waitFor(async () => expect(await audit()).toContain(`"${proven}"`))
    expect(await audit()).not.toContain(`"${claimed}"`)
  })
})
