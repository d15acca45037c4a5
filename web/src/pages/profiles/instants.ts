/** Instants and spans, as short as the rows of a profile need them. */

const MOMENT = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const MOMENT_OF_YEAR = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

/** `29 Nov`, with the year if it is not this one. */
export function shortDay(at: number | string): string {
  const date = new Date(at)
  return (date.getFullYear() === new Date().getFullYear() ? MOMENT : MOMENT_OF_YEAR).format(date)
}

/** `29 Nov 14:02:07` */
export function moment(at: number | string): string {
  return `${shortDay(at)} ${CLOCK.format(new Date(at))}`
}

/** `29 Nov 14:02:07.318` */
export function momentMs(at: number | string): string {
  return `${moment(at)}.${String(new Date(at).getMilliseconds()).padStart(3, '0')}`
}
