/** Answers as JSON without Express' own way there, which costs a lookup half its time. */
import type { Response } from 'express'

/** Sends a text that is JSON already. */
export function answerJson(response: Response, text: string): void {
  response.setHeader('Content-Type', 'application/json; charset=utf-8')
  response.setHeader('Content-Length', Buffer.byteLength(text))
  response.end(text)
}
