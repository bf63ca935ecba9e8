import { styleText } from 'node:util'

/** Emphasis for terminals; plain where the output is piped or NO_COLOR is set. */
export const styled = {
  bold: (text: string): string => styleText('bold', text, { stream: process.stdout }),
  dim: (text: string): string => styleText('dim', text, { stream: process.stdout }),
} as const
