/** Finds the word that a misspelt one was probably meant to be. */

/**
 * Returns the candidate nearest to the name, or undefined if none is near: at most a third of its letters (rounded) are
 * changed, added, dropped or swapped with a neighbour. Case and underscores do not count; the first of equals wins.
 */
export function suggest(name: string, candidates: readonly string[]): string | undefined {
  const wanted = simplify(name)
  let best: string | undefined
  let bestDistance = Infinity
  for (const candidate of candidates) {
    const target = simplify(candidate)
    const allowed = Math.round(target.length / 3)
    if (Math.abs(target.length - wanted.length) > allowed) continue
    const distance = editDistance(wanted, target)
    if (distance > allowed || distance >= bestDistance) continue
    best = candidate
    bestDistance = distance
  }
  return best
}

function simplify(name: string): string {
  return name.toLowerCase().replaceAll('_', '')
}

/** Counts the edits between two short words; a swap of neighbours is one. */
function editDistance(left: string, right: string): number {
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, column) => column)]
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1]
      const swapped =
        row > 1 && column > 1 && left[row - 2] === right[column - 1] && left[row - 1] === right[column - 2]
      current[column] = Math.min(
        rows[row - 1]![column]! + 1,
        current[column - 1]! + 1,
        rows[row - 1]![column - 1]! + (same ? 0 : 1),
        swapped ? rows[row - 2]![column - 2]! + 1 : Infinity,
      )
    }
    rows.push(current)
  }
  return rows[left.length]![right.length]!
}
