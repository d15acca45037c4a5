/** Text of answers: bounded, whatever calls have sent. */

const VALUE_LENGTH_MAX = 200

/** Writes a value as JSON, cut if it is long. */
export function valueText(value: unknown): string {
  return cut(JSON.stringify(value))
}

/** Puts a text on one line, and cuts it if it is long, within no character. */
export function cut(text: string, lengthMax = VALUE_LENGTH_MAX): string {
  const characters = Array.from(text.replaceAll(/\s+/g, ' '))
  return characters.length <= lengthMax ? characters.join('') : `${characters.slice(0, lengthMax).join('')}…`
}

/** Returns a value as it is; one that is long, as the text that is cut. */
export function bounded(value: unknown): unknown {
  return JSON.stringify(value).length <= VALUE_LENGTH_MAX ? value : valueText(value)
}

/** `1 user`, `3 users`. */
export function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`
}

/** `users` or `accounts`, in the number. */
export function people(count: number, type: string): string {
  return counted(count, type === 'ACCOUNTS' ? 'account' : 'user')
}

export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`
}

/** Joins the lines that there are. */
export function lines(...texts: readonly (string | false | undefined)[]): string {
  return texts.filter((text) => text !== false && text !== undefined && text !== '').join('\n')
}
