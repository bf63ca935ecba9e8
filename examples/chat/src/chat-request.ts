import * as v from 'valibot'

export const limits = { messages: 60, messageCharacters: 8_000, totalCharacters: 64_000 } as const

/** The body of `POST /api/chat`. */
export const chatRequest = v.pipe(
  v.strictObject(
    {
      messages: v.pipe(
        v.array(
          v.strictObject({
            role: v.picklist(['user', 'assistant'], 'role must be "user" or "assistant"'),
            content: v.pipe(
              v.string('content must be text'),
              v.check((text) => text.trim() !== '', 'a message is empty'),
              v.maxLength(
                limits.messageCharacters,
                `a message is longer than ${limits.messageCharacters} characters`,
              ),
            ),
          }),
          'messages must be a list of { role, content }',
        ),
        v.minLength(1, 'messages is empty'),
        v.maxLength(limits.messages, `there are more than ${limits.messages} messages`),
        v.check((messages) => messages.at(-1)?.role === 'user', 'the last message must be from the user'),
        v.check(
          (messages) =>
            messages.reduce((sum, message) => sum + message.content.length, 0) <= limits.totalCharacters,
          `the conversation is longer than ${limits.totalCharacters} characters`,
        ),
      ),
    },
    'the body must be { messages: [{ role, content }] }',
  ),
)
export type ChatRequest = v.InferOutput<typeof chatRequest>

/** The first thing that is wrong with a body, with its place. */
export function firstProblem(issues: readonly v.BaseIssue<unknown>[]): string {
  const issue = issues[0]
  if (issue === undefined) return 'the body is not valid'
  const place = v.getDotPath(issue)
  return place === null ? issue.message : `${issue.message} (at ${place})`
}
