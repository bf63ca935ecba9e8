/**
 * To be told of every error that reading a body ends with. workerd holds it for as long as the body lives, where its
 * collector of garbage does not look. It holds the frames that were waiting for it until its stack is first read and so
 * made a text (https://v8.dev/docs/stack-trace-api), and frames hold their request, with the body: none of it would ever
 * be collected.
 */
export function forgetFrames(error: unknown): void {
  if (error instanceof Error) void error.stack
}
