import { describe, expect, it } from 'vitest'
import { newestInput } from './input-log.ts'

const click = (at: number) => ({ at, asks: false })
const submit = (at: number) => ({ at, asks: true })

describe('newestInput', () => {
  it('takes Enter and the submit that it causes as one act, from its beginning', () => {
    expect(newestInput(click(100), submit(102))).toEqual(submit(100))
    expect(newestInput(submit(100), click(101))).toEqual(submit(100))
  })

  it('does not let a click take the place of a question that may still be answered', () => {
    expect(newestInput(submit(100), click(5_000))).toEqual(submit(100))
    expect(newestInput(submit(100), click(70_000))).toEqual(click(70_000))
  })

  it('goes with the newer of two questions, or of two clicks', () => {
    expect(newestInput(submit(100), submit(900))).toEqual(submit(900))
    expect(newestInput(click(100), click(900))).toEqual(click(900))
    expect(newestInput(undefined, click(1))).toEqual(click(1))
  })
})
