/** The tags of packed values and instants. */
export const NULL = 0
export const TRUE = 1
export const FALSE = 2
export const INTEGER = 3
export const DOUBLE = 4
export const LATIN = 5
export const WIDE = 6
export const ARRAY = 7
export const OBJECT = 8
/** The numbers of an event's ids follow, before its context. */
export const WITH_IDS = 9

/** Instants: later than any other, earlier than any other, or one that follows in six bytes, or in eight. */
export const NEVER = 0
export const ALWAYS = 1
export const DATED = 2
export const FAR = 3
export const INT32_SPAN = 2 ** 32
export const INSTANT_SMALL = 2 ** 47
