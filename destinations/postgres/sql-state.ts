/**
 * Decides what failures of Postgres mean. Messages and causes have none of its own words: these may hold a value of a
 * person, such as the key of a row.
 */
import { DeliveryError, RetryableError, TerminalError } from '../contract/destination.ts'
import { transportError } from '../contract/transport-error.ts'
import { notPostgres } from './answers.ts'

interface Meaning {
  readonly states: RegExp
  readonly isTerminal: boolean
  readonly message: string
}

/** By SQLSTATE; the first that fits. */
const MEANINGS: readonly Meaning[] = [
  { states: /^28/, isTerminal: true, message: 'The user is not let in: see settings.user and settings.password' },
  { states: /^3D/, isTerminal: true, message: 'There is no such database: see settings.database' },
  { states: /^42501/, isTerminal: true, message: 'The user has too few rights: see settings.user and settings.schema' },
  {
    states: /^42(P0[67]|710)/,
    isTerminal: true,
    message: 'The schema has something else under our names: see settings.schema',
  },
  {
    states: /^(3F|42)/,
    isTerminal: true,
    message: 'The tables are not as they were made here: see settings.schema',
  },
  { states: /^(0A|2[1237]|38|39|44|54|P0)/, isTerminal: true, message: 'The tables refuse it' },
  { states: /^25P03/, isTerminal: false, message: 'Nothing came for too long' },
  { states: /^25/, isTerminal: false, message: 'It takes no writes, as a standby or a database that is read-only' },
  { states: /^40|^55/, isTerminal: false, message: 'Somebody else was in the way' },
  { states: /^57014/, isTerminal: false, message: 'It took too long, or was cancelled' },
  { states: /^(08|57)/, isTerminal: false, message: 'It stops, or starts' },
  { states: /^53/, isTerminal: false, message: 'It lacks room, or free connections' },
  { states: /^/, isTerminal: false, message: 'It failed' },
]

/** Failures that pg says in words alone. */
const SAID: readonly { readonly words: RegExp; readonly failure: () => DeliveryError }[] = [
  {
    words: /SSL/,
    failure: () => new RetryableError('tls', 'The server takes no encrypted connection: see settings.tls.'),
  },
  {
    words: /^SASL/,
    failure: () => new TerminalError('authentication', 'No password fits: see settings.password.'),
  },
  { words: /timeout/, failure: () => new RetryableError('timeout', 'No complete answer came in time.') },
  {
    words: /terminated|not queryable/,
    failure: () => new RetryableError('connection_reset', 'The connection was closed before the answer was complete.'),
  },
]

/** Returns the SQLSTATE of an error of Postgres; undefined for any other error. */
export function sqlStateOf(error: unknown): string | undefined {
  const code = isReported(error) && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

/** True if a single row may be at fault: others may be taken without it. */
export function isOfOneRow(error: unknown): boolean {
  return /^(2[1237]|38|39|44|54|P0)/.test(sqlStateOf(error) ?? '')
}

/** Returns a DeliveryError for a failure of the world; any other error as it is. */
export function failureOf(error: unknown): Error {
  if (error instanceof DeliveryError) return error
  const state = sqlStateOf(error)
  if (state !== undefined) {
    const { isTerminal, message } = MEANINGS.find(({ states }) => states.test(state))!
    const said = `${message} (SQLSTATE ${state}).`
    return isTerminal ? new TerminalError(`sqlstate_${state}`, said) : new RetryableError(`sqlstate_${state}`, said)
  }
  if (isReported(error)) return notPostgres()
  const known = transportError(error)
  if (known instanceof DeliveryError) return known
  return SAID.find(({ words }) => words.test(known.message))?.failure() ?? known
}

/** True for what pg has of a server; errors of sockets have codes, too. */
function isReported(error: unknown): error is Error {
  return error instanceof Error && error.name === 'error'
}
