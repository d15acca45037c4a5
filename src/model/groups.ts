/** Maps from a key to a list of values. */

/** Adds a value to the list of its key, which is made with its first value. */
export function addToGroup<Key, Value>(groups: Map<Key, Value[]>, key: Key, value: Value): void {
  const group = groups.get(key)
  if (group) group.push(value)
  else groups.set(key, [value])
}
