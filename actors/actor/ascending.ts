/** Lists of numbers in ascending order, each once; most of them are empty most of the time, and cost nothing then. */

/** The shared empty list; a list of an actor's own begins with its first number. */
export const NONE: readonly number[] = []

/** Returns the list with one more number; it may be the same list, changed. */
export function including(number: number, numbers: readonly number[]): readonly number[] {
  if (numbers === NONE) return [number]
  let place = numbers.length
  while (place > 0 && numbers[place - 1]! > number) place--
  if (place === 0 || numbers[place - 1] !== number) (numbers as number[]).splice(place, 0, number)
  return numbers
}
