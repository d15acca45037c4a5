/**
 * The place where a query is being written, for completion: the text before it says all, whether or not it reads.
 *
 * Names are those of `event('…')`, however deep: in a funnel the last one is the child, and the one before it the
 * parent that `property(parent: '…')` reads.
 */
import { FILTERS, INFIX_JUNCTIONS, isOneOf, REDUCERS } from './vocabulary.ts'

export interface TextPlace {
  /** Names of the events whose `where` or reducer encloses the place, the innermost last. */
  readonly events: readonly string[]
  /** The string that is being written; undefined outside of strings. */
  readonly string: OpenText | undefined
}

export interface OpenText {
  /** Offset of its first character. */
  readonly start: number
  readonly delimiter: "'" | '"'
  /** The word whose argument it is: `event`, `trait`, `property`; empty if there is none. */
  readonly of: string
  /** True after `parent:`. */
  readonly isOfParent: boolean
}

/** An open bracket. */
interface Frame {
  /** The word before the bracket, and that before its first argument: `parent`, `exclude`. */
  readonly word: string
  label: string
  /** The event whose `where` or reducer it is. */
  readonly event: string | undefined
  /** The event that the filters and the reducer of this level belong to by now. */
  stream: string | undefined
}

const TOKENS = /'(?:\\'|[^'])*'?|"(?:\\"|[^"])*"?|[A-Za-z_]\w*|\S/g

/** Returns the place at the end of a text. */
export function placeAfter(text: string): TextPlace {
  const frames: Frame[] = [frameOf('', undefined)]
  let word = ''
  let string: OpenText | undefined
  for (const { 0: token, index } of text.matchAll(TOKENS)) {
    const frame = frames.at(-1)!
    const isString = token.startsWith("'") || token.startsWith('"')
    if (isString && !isClosed(token)) string = openString(frame, token, index)
    else if (isString && frame.word === 'event') frames.at(-2)!.stream = valueOf(token)
    else if (token === '(') frames.push(frameOf(word, eventOf(word, frame)))
    // Braces and square brackets belong to the word of the brackets around them.
    else if (token === '{' || token === '[') frames.push(frameOf(frame.word, undefined))
    else if (/^[)}\]]$/.test(token) && frames.length > 1) frames.pop()
    else if (token === ':') frame.label = word
    else if (isOneOf(INFIX_JUNCTIONS, token.toUpperCase())) frame.stream = undefined
    word = /^\w/.test(token) ? token : ''
  }
  return { events: frames.flatMap(({ event }) => (event === undefined ? [] : [event])), string }
}

function frameOf(word: string, event: string | undefined): Frame {
  return { word, label: '', event, stream: undefined }
}

function eventOf(word: string, { stream }: Frame): string | undefined {
  return isOneOf([...FILTERS, ...REDUCERS], word) ? stream : undefined
}

function openString({ word, label }: Frame, token: string, index: number): OpenText {
  return { start: index + 1, delimiter: token[0] as "'" | '"', of: word, isOfParent: label === 'parent' }
}

/** A delimiter after a backslash is text: see the lexer. */
function isClosed(token: string): boolean {
  return token.length > 1 && token.endsWith(token[0]!) && !token.endsWith(`\\${token[0]!}`)
}

function valueOf(token: string): string {
  const delimiter = token[0]!
  return token.slice(1, -1).replaceAll(`\\${delimiter}`, delimiter)
}
