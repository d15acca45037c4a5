/** The cause of a transition, in words. */
import type { Cause, EventAnswer } from './answers.ts'

const CAUSES = {
  time: 'by time alone',
  merge: 'when two profiles became one',
  definition: 'when it was defined',
} as const

/** Words a cause. A call is named by its event, if that is among these. */
export function causeWords(cause: Cause, events: readonly EventAnswer[]): string {
  if (cause.kind !== 'call') return CAUSES[cause.kind]
  const event = cause.messageId && events.find(({ message_id: id }) => id === cause.messageId)
  return event ? `by ${event.event}` : 'by a call'
}
