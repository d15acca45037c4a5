/**
 * Measures the nesting of JSON text before it is parsed: `JSON.parse` itself takes millions of levels, and seconds for
 * them.
 */

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d]

/** Returns true if objects and lists nest at most `depthMax` deep. One pass; UTF-8 bytes in. */
export function isNestedWithin(text: Uint8Array, depthMax: number): boolean {
  let depth = 0
  for (let index = 0; index < text.length; index++) {
    const byte = text[index]!
    if (byte === QUOTE) index = endOfString(text, index)
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      if (++depth > depthMax) return false
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) depth--
  }
  return true
}

function endOfString(text: Uint8Array, start: number): number {
  let index = start + 1
  while (index < text.length && text[index] !== QUOTE) index += text[index] === BACKSLASH ? 2 : 1
  return index
}
