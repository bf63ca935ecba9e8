import type { Problem } from '../gateway/problem.ts'

/** What is wrong with a key, in words for operators. */
export const forOperators = (problem: Problem): Problem => ({
  ...problem,
  message: WORDS[problem.code] ?? problem.message,
})

const WORDS: Readonly<Record<string, string>> = {
  not_configured: "No operator is set up here. Set the secrets that 'operators' names in paceline.config.ts.",
  missing_key: "No token was sent. Send yours as 'Authorization: Bearer TOKEN'.",
  unknown_key: 'The token that was sent is not known here. Check that it is an operator’s, not an app key.',
}
