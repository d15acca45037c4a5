/** Writes explanations as JSON: instants as text, and nothing for what there is none of. */
import type { EventReference, ExplainedCondition, Explanation } from '../model/explanation.ts'
import { formatInstant } from '../model/time.ts'

export function explanationView(explanation: Explanation): object {
  const { value, text, changesAt, isEligible, exactSince, conditions } = explanation
  return {
    value,
    text,
    ...turning(changesAt),
    ...(!isEligible && { eligible: false }),
    ...(exactSince !== undefined && { exactSince: formatInstant(exactSince) }),
    conditions: conditions.map(conditionView),
  }
}

function conditionView(condition: ExplainedCondition): object {
  const { start, end, holds, value, events, changesAt, wants, of, occurrences, users } = condition
  return {
    start,
    end,
    holds,
    value,
    events: events.map(eventView),
    ...turning(changesAt),
    ...(wants !== undefined && { wants }),
    ...(of && { of: of.map(conditionView) }),
    ...(occurrences && {
      occurrences: occurrences.map((occurrence) => ({
        ...eventView(occurrence),
        ...(occurrence.leavesAt !== undefined && { leavesAt: formatInstant(occurrence.leavesAt) }),
        ...judgedView(occurrence),
      })),
    }),
    ...(users && { users: users.map((user) => ({ id: user.id, ...judgedView(user) })) }),
  }
}

/** Writes an occurrence or a user with the conditions that were judged for it. */
function judgedView(
  judged: Pick<ExplainedCondition, 'holds' | 'changesAt'> & Required<Pick<ExplainedCondition, 'of'>>,
) {
  return { holds: judged.holds, ...turning(judged.changesAt), of: judged.of.map(conditionView) }
}

function eventView({ messageId, ts }: EventReference): object {
  return { messageId, ts: formatInstant(ts) }
}

function turning(changesAt: number | undefined): object {
  return changesAt === undefined ? {} : { changesAt: formatInstant(changesAt) }
}
