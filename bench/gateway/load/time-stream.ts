import type { Pool } from './pool.ts'

/** What a client saw of one streamed answer. */
export interface StreamTimes {
  /** From the request to the first words, in ms; null where none came. */
  readonly firstOutputMs: number | null
  /** Whether it ended with its finish marker, under status 200. */
  readonly complete: boolean
}

/** A chunk whose words are not empty: the role chunk says nothing. */
const WORDS = /"content":"[^"]/u

/** Asks for a stream and times its first words where they arrive. */
export function timeStream(pool: Pool, request: Buffer): Promise<StreamTimes> {
  return new Promise((resolve) => {
    const connection = pool.take()
    let status = ''
    let firstOutputMs: number | null = null
    let tail = ''
    const startedAt = performance.now()
    connection.ask(request, {
      head: (head) => (status = head.slice(9, 12)),
      body: (bytes) => {
        const at = performance.now()
        const text = bytes.toString('latin1')
        if (firstOutputMs === null && WORDS.test(text)) firstOutputMs = at - startedAt
        tail = (tail + text).slice(-200)
      },
      end: () => resolve({ firstOutputMs, complete: status === '200' && tail.includes('data: [DONE]') }),
      broken: () => {
        pool.drop(connection)
        resolve({ firstOutputMs, complete: false })
      },
    })
  })
}
