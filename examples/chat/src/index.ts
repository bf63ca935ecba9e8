export { startChat } from './start-chat.ts'
export type { ChatOptions, RunningChat } from './start-chat.ts'
export type { ChatProvider } from './provider-conditions.ts'
export type { Condition } from './condition.ts'
