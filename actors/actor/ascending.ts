/** Lists of numbers in ascending order, each once; most of them are empty most of the time, and cost nothing then. */

/** Of nobody: a list of its own begins with the first number. */
export const NONE: readonly number[] = []

/** The list with one number more; it may be the same list, changed. */
export function including(number: number, numbers: readonly number[]): readonly number[] {
  if (numbers === NONE) return [number]
  let place = numbers.length
  while (place > 0 && numbers[place - 1]! > number) place--
  if (place === 0 || numbers[place - 1] !== number) (numbers as number[]).splice(place, 0, number)
  return numbers
}
