/** The end of a page: whether there are more, and how to ask for them. */
export interface PageCursor {
  /** Path and parameters of the next page; '' after the last. */
  readonly url: string
  readonly has_more: boolean
  readonly next: string
  readonly limit: number
}

/** Returns the address of the page that begins at a cursor. */
export type NextAddress = (next: string, limit: number) => string

/** @param next undefined after the last page */
export function cursorOf(next: string | undefined, limit: number, address: NextAddress): PageCursor {
  return {
    url: next === undefined ? '' : address(next, limit),
    has_more: next !== undefined,
    next: next ?? '',
    limit,
  }
}
