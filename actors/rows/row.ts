/**
 * The row of an actor: what every message needs, and a directory of the states that its events have touched. The one
 * place that knows where a field lies.
 *
 * Layout, in words of eight bytes: header · (flags, number of the view in the settlement) · next deadline · receive
 * time of the last call · (first chunk, last chunk of the history) · (events kept, settlement of the view) · event
 * time of the event that arrived first · (ids, traits) · (values of definitions, links) · (totals of forgotten events,
 * merges) · (entries of the directory, ordinal) · names of the events, a bit for each number modulo 64 · the time
 * since which windows count all events, 0 if they lack none · (origins, last call) · the directory: for each entry the instant at which it is
 * due, then (id of the state, its block or value), by ascending id.
 */
export const FLAGS = 1
export const VIEW = FLAGS
export const DUE_AT = 2
export const SEEN_AT = 3
export const HISTORY = 4
export const EVENT_COUNT = 5
export const JOINED_IN = EVENT_COUNT
export const FIRST_TS = 6
export const IDS = 7
export const TRAITS = IDS
export const VALUES = 8
export const LINKS = VALUES
export const OLDER = 9
export const MERGES = OLDER
export const DIRECTORY = 10
export const ORDINAL = DIRECTORY
/** Names of events that the actor ever had: two integers of bits. */
export const NAMES = 11
/** The list of conditions on an account's users, in the place of a user's totals. */
export const CONDITIONS = OLDER
export const COUNTED_SINCE = 12
/** The calls that brought the ids, and the last call if it is not among them or the events. */
export const ORIGINS = 13
/** The first entry of the directory. */
export const ENTRIES = 14
export const ENTRY_WORDS = 2

/**
 * Flags: its states are still to be computed from its history; known by `anonymous_id`s only; and from `ID_TYPES_SHIFT`
 * on, the types of a user's ids, a bit each as `IdTypes` numbers them.
 */
export const IS_UNBUILT = 1
export const IS_ANONYMOUS = 2
export const ID_TYPES_SHIFT = 2
export const ID_TYPE_BITS = 30
