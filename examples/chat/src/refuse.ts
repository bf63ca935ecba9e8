import type { Response } from 'express'
import type { ChatProblem } from './chat-event.ts'

/** Answers that something is not to be had, and what the reader can do about it. */
export function refuse(response: Response, status: number, message: string, advice: string): void {
  response.status(status).json({ error: { message, advice } } satisfies ChatProblem)
}
