/**
 * Refusals of queries, with the position in their text. Messages repeat the language's words and symbols, never the
 * text or number of a literal, which may be personal.
 */
import { EngineError, type ErrorCode } from '../model/errors.ts'

/** Counted from 1; a column counts code points. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Thrown for a query that cannot be used; the message starts with the position. */
export class QueryError extends EngineError {
  readonly line: number
  readonly column: number

  constructor(code: ErrorCode, position: Position, message: string) {
    super(code, `Line ${position.line}, column ${position.column}: ${message}`)
    this.name = 'QueryError'
    this.line = position.line
    this.column = position.column
  }
}

/** Returns line and column of an offset in UTF-16 code units; a line ends in a line feed. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: Array.from(before.slice(lineStart)).length + 1 }
}
