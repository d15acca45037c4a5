/** Thrown if the journal has another owner now, or has lost entries that were durable: this process must not go on. */
export class JournalLostError extends Error {
  override readonly name = 'JournalLostError'
}
