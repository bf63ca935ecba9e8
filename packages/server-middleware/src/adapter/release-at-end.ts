import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Permit } from '../admission/admission.ts'

/** Gives a permit back when Node is done with a response, whether it was finished or its client left. */
export function releaseAtEnd(
  { socket }: Pick<IncomingMessage, 'socket'>,
  response: Pick<ServerResponse, 'closed' | 'socket' | 'once'>,
  permit: Permit,
): void {
  const release = (): void => permit.release()
  // The client may have gone while earlier middleware waited; then nothing more would be heard of it.
  if (response.closed || socket.destroyed) {
    release()
    return
  }
  response.once('close', release)
  if (response.socket !== null) return
  // A pipelined request waits for its turn on the socket. If that breaks first, older versions of Node tell the
  // response nothing.
  socket.once('close', release)
  response.once('close', () => socket.off('close', release))
}
