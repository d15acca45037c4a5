/** Timers as the product asks for them, so that tests can turn virtual time by hand. */

/** `setTimeout`, or a hand that turns virtual time. Returns what takes the timer back. */
export type SetTimer = (callback: () => void, delayMs: number) => () => void

export const setTimer: SetTimer = (callback, delayMs) => {
  const timer = setTimeout(callback, delayMs)
  return () => clearTimeout(timer)
}
