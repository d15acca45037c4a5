/** Numbers and instants as people read them. */

const WHOLE = new Intl.NumberFormat('en-US')
const SHARE = new Intl.NumberFormat('en-US', { style: 'percent', maximumFractionDigits: 1 })
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long' })
const DAY_OF_YEAR = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' })

/** `1,204,881` */
export function count(value: number): string {
  return WHOLE.format(value)
}

/** `+212`, `−64`, `0` */
export function signed(value: number): string {
  return value === 0 ? '0' : `${value > 0 ? '+' : '−'}${WHOLE.format(Math.abs(value))}`
}

/** `98.4%` */
export function share(value: number): string {
  return SHARE.format(value)
}

/** `14:02:07` */
export function clock(at: number | string): string {
  return CLOCK.format(new Date(at))
}

/** `14:02:07.318`: to the millisecond, where two things may share a second. */
export function clockMs(at: number | string): string {
  return `${clock(at)}.${String(new Date(at).getMilliseconds()).padStart(3, '0')}`
}

/** `6 December`, with the year if it is not this one. */
export function day(at: number | string): string {
  const date = new Date(at)
  return (date.getFullYear() === new Date().getFullYear() ? DAY : DAY_OF_YEAR).format(date)
}

/** `6 December, 14:02:07` */
export function dayAndClock(at: number | string): string {
  return `${day(at)}, ${clock(at)}`
}

const MINUTE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })

/** `6 Dec, 14:02` */
export function minute(at: number | string): string {
  return MINUTE.format(new Date(at))
}

/** `1 person`, `12 people` */
export function people(value: number): string {
  return `${count(value)} ${value === 1 ? 'person' : 'people'}`
}

/** `email:a@example.com` as the name that is shown of a profile: the part after its type. */
export function nameOfProfile(profile: string): string {
  return profile.slice(profile.indexOf(':') + 1)
}

/** A value of a trait or a property as text. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'none'
  if (typeof value === 'number') return WHOLE.format(value)
  return typeof value === 'string' ? value : JSON.stringify(value)
}
