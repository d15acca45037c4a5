/**
 * The exact sum of doubles, rounded once: it depends neither on the order of arrival nor on values that have left a
 * window. Partials that do not overlap (Shewchuk, "Adaptive Precision Floating-Point Arithmetic", 1997) hold the sum;
 * values so large that partials could overflow go to an integer count of 2^-1074 instead.
 */
import type { JsonValue } from '../../src/model/json.ts'

/** Beyond this, a sum of many values could leave the range of doubles on its way. */
export const LARGE = 2 ** 960
const DENORMAL_BITS = 1074n

export class ExactSum {
  #partials: number[] = []
  /** Sum of the large values in units of 2^-1074; undefined until there is one. */
  #large: bigint | undefined
  /** Infinite values, counted by sign: they come and go like others. */
  #infinite = 0

  add(value: number): void {
    if (Math.abs(value) < LARGE) this.#addSmall(value)
    else if (Number.isFinite(value)) this.#large = (this.#large ?? 0n) + fixedPoint(value)
    else this.#infinite++
  }

  subtract(value: number): void {
    if (Number.isFinite(value)) this.add(-value)
    else this.#infinite--
  }

  /** Returns the partials; undefined if the sum is more than these. */
  smallPartials(): readonly number[] | undefined {
    return this.#large || this.#infinite !== 0 ? undefined : this.#partials
  }

  /** Returns the state as data. */
  state(): JsonValue {
    return [[...this.#partials], this.#large === undefined ? null : String(this.#large), this.#infinite]
  }

  /** Adds the state of another sum. */
  addState(state: JsonValue): void {
    const [partials, large, infinite] = state as [number[], string | null, number]
    if (this.#partials.length === 0) this.#partials = [...partials]
    else for (const partial of partials) this.#addSmall(partial)
    if (large !== null) this.#large = (this.#large ?? 0n) + BigInt(large)
    this.#infinite += infinite
  }

  /** Returns the sum as the nearest double, ties to even; NaN or infinite if it is not finite. */
  value(): number {
    if (this.#infinite > 0) return NaN
    if (!this.#large) return roundPartials(this.#partials)
    return roundFixedPoint(this.#partials.reduce((sum, partial) => sum + fixedPoint(partial), this.#large))
  }

  #addSmall(value: number): void {
    const partials = this.#partials
    let x = value
    let kept = 0
    for (let index = 0; index < partials.length; index++) {
      let y = partials[index]!
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x]
      const high = x + y
      const low = y - (high - x)
      if (low !== 0) partials[kept++] = low
      x = high
    }
    if (x !== 0) partials[kept++] = x
    partials.length = kept
  }
}

/**
 * Partials do not overlap and grow: adding from the largest is exact until the first remainder, which decides a tie.
 */
function roundPartials(partials: readonly number[]): number {
  let index = partials.length
  if (index === 0) return 0
  let high = partials[--index]!
  let low = 0
  while (index > 0) {
    const x = high
    const y = partials[--index]!
    high = x + y
    low = y - (high - x)
    if (low !== 0) break
  }
  if (index > 0 && (low < 0 ? partials[index - 1]! < 0 : partials[index - 1]! > 0)) {
    const doubled = low * 2
    const next = high + doubled
    if (doubled === next - high) high = next
  }
  return high
}

const DOUBLE_BITS = new DataView(new ArrayBuffer(8))

/** Converts a finite double to a whole number of 2^-1074. */
function fixedPoint(value: number): bigint {
  DOUBLE_BITS.setFloat64(0, Math.abs(value))
  const bits = DOUBLE_BITS.getBigUint64(0)
  const exponent = bits >> 52n
  const fraction = bits & ((1n << 52n) - 1n)
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n)
  return value < 0 ? -magnitude : magnitude
}

/** Returns the double nearest to a number of 2^-1074, ties to even. */
function roundFixedPoint(units: bigint): number {
  const magnitude = units < 0n ? -units : units
  const excess = BigInt(Math.max(0, magnitude.toString(2).length - 53))
  let mantissa = magnitude >> excess
  const remainder = magnitude - (mantissa << excess)
  const half = excess > 0n ? 1n << (excess - 1n) : 0n
  if (excess > 0n && (remainder > half || (remainder === half && (mantissa & 1n) === 1n))) mantissa++
  const scaled = scale(Number(mantissa), Number(excess - DENORMAL_BITS))
  return units < 0n ? -scaled : scaled
}

/** Computes `mantissa * 2^exponent` in steps that neither overflow nor underflow on the way. */
function scale(mantissa: number, exponent: number): number {
  let [result, left] = [mantissa, exponent]
  for (; left > 900; left -= 900) result *= 2 ** 900
  for (; left < -900; left += 900) result *= 2 ** -900
  return result * 2 ** left
}
