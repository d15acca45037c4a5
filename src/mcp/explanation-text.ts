/** Explanations as text: one line for each condition, with those within it below. */
import { z } from 'zod'
import { cut, valueText } from './text.ts'

const EventReference = z.object({ messageId: z.string(), ts: z.string() })

const Condition = z.object({
  start: z.number(),
  end: z.number(),
  holds: z.boolean(),
  value: z.unknown(),
  events: z.array(EventReference),
  changesAt: z.string().optional(),
  wants: z.string().optional(),
  get of() {
    return z.array(Condition).optional()
  },
  get occurrences() {
    return z.array(Occurrence).optional()
  },
  get users() {
    return z.array(User).optional()
  },
})
type Condition = z.infer<typeof Condition>

const Judged = { holds: z.boolean(), changesAt: z.string().optional() }
const Occurrence = EventReference.extend({
  ...Judged,
  leavesAt: z.string().optional(),
  get of() {
    return z.array(Condition)
  },
})
const User = z.object({
  ...Judged,
  id: z.string(),
  get of() {
    return z.array(Condition)
  },
})

export const ShownExplanation = z.object({
  value: z.unknown(),
  text: z.string(),
  changesAt: z.string().optional(),
  eligible: z.boolean().optional(),
  exactSince: z.string().optional(),
  conditions: z.array(Condition),
})
export type ShownExplanation = z.infer<typeof ShownExplanation>

const LINES_MAX = 60
const EVENTS_SHOWN_MAX = 3

/** Writes the conditions by their text in the query, at most so many lines of them. */
export function conditionLines(conditions: readonly Condition[], query: string): string[] {
  const all = conditions.flatMap((condition) => linesOf(condition, query, '  '))
  return all.length <= LINES_MAX ? all : [...all.slice(0, LINES_MAX), `  … and ${all.length - LINES_MAX} more lines`]
}

function linesOf(condition: Condition, query: string, indent: string): string[] {
  const { start, end, holds, value, events, wants, of = [], occurrences = [], users = [] } = condition
  const deeper = `${indent}  `
  const within = (conditions: readonly Condition[]) => conditions.flatMap((one) => linesOf(one, query, `${deeper}  `))
  const facts = [
    ...(typeof value === 'boolean' ? [] : [`value ${valueText(value)}`]),
    ...turning(condition),
    ...(wants === undefined ? [] : [`would hold with: ${wants}`]),
    ...(events.length === 0
      ? []
      : [
          `newest events: ${events
            .slice(0, EVENTS_SHOWN_MAX)
            .map(({ ts }) => ts)
            .join(', ')}`,
        ]),
  ]
  return [
    `${indent}${mark(holds)} ${cut(query.slice(start, end))}${facts.length > 0 ? `; ${facts.join('; ')}` : ''}`,
    ...of.flatMap((one) => linesOf(one, query, deeper)),
    ...occurrences.flatMap((occurrence) => [
      `${deeper}${mark(occurrence.holds)} ${['event of ' + occurrence.ts, ...turning(occurrence)].join('; ')}`,
      ...within(occurrence.of),
    ]),
    ...users.flatMap((user) => [
      `${deeper}${mark(user.holds)} ${['user ' + cut(user.id), ...turning(user)].join('; ')}`,
      ...within(user.of),
    ]),
  ]
}

function mark(holds: boolean): string {
  return holds ? '[holds]' : '[does not hold]'
}

function turning({ changesAt }: { readonly changesAt?: string | undefined }): string[] {
  return changesAt === undefined ? [] : [`turns at ${changesAt}`]
}
