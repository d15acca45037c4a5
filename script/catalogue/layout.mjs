/** Writes plain data as JSON that is small and yet shows in a diff which part has changed. */

/** Writes each item of a list, or member of an object, in a line of its own; the members `parts` are split likewise. */
export function layOut(value, parts = []) {
  if (Array.isArray(value)) return lines('[', value.map(compact), ']')
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return lines(
    '{',
    members.map(([key, member]) => {
      return `${JSON.stringify(key)}: ${parts.includes(key) ? layOut(member) : compact(member)}`
    }),
    '}',
  )
}

/** In one line, members of objects in the order of their keys. */
function compact(value) {
  return JSON.stringify(value, (_, inner) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

function lines(open, items, close) {
  return items.length === 0 ? `${open}${close}` : `${open}\n${items.join(',\n')}\n${close}`
}
