/** The exact sum of doubles, rounded once, half to even: every double is a whole multiple of 2^-1074. */

const FRACTION_BITS = 52n

/** Null where the sum is not finite. */
export function exactSum(numbers: readonly number[]): number | null {
  if (!numbers.every(Number.isFinite)) return null
  const sum = toDouble(numbers.reduce((total, number) => total + fixedPoint(number), 0n))
  return Number.isFinite(sum) ? sum : null
}

/** The double in units of 2^-1074. */
function fixedPoint(double: number): bigint {
  const bits = new DataView(new ArrayBuffer(8))
  bits.setFloat64(0, double)
  const word = bits.getBigUint64(0)
  const exponent = (word >> FRACTION_BITS) & 0x7ffn
  const fraction = word & ((1n << FRACTION_BITS) - 1n)
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << FRACTION_BITS)) << (exponent - 1n)
  return word >> 63n ? -magnitude : magnitude
}

/** The nearest double to a number of units of 2^-1074; a tie goes to the even one. */
function toDouble(units: bigint): number {
  if (units < 0n) return -toDouble(-units)
  const excessBits = Math.max(0, units.toString(2).length - 53)
  const excess = BigInt(excessBits)
  let significand = units >> excess
  const rest = units - (significand << excess)
  const half = excessBits === 0 ? 0n : 1n << (excess - 1n)
  if (rest > half || (rest === half && rest > 0n && significand % 2n === 1n)) significand += 1n
  return Number(significand) * 2 ** (excessBits - 1074)
}
