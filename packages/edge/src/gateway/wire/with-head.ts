import type { PartStream, StreamEvent } from './part.ts'

/** A stream of which the first events have been read already. It ends the rest of it when it is ended itself. */
export async function* withHead(head: readonly StreamEvent[], rest: PartStream): PartStream {
  try {
    yield head
    yield* rest
  } finally {
    // Where it is left at its head, nothing has begun to read the rest.
    await rest.return()
  }
}
