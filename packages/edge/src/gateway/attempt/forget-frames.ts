/**
 * To be told of the error that reading a stream ends with. workerd holds it for as long as the stream lives, where no
 * garbage collection looks. Until its stack is first read, and so made a text (https://v8.dev/docs/stack-trace-api), the
 * error holds the frames that waited for it; these hold the request with the stream, and none of it would ever be
 * collected.
 */
export function forgetFrames(error: unknown): void {
  if (error instanceof Error) void error.stack
}
