/**
 * json-rules-engine as its documentation uses it: one engine of rules, run over the facts of the profile that a call is
 * about. The facts are counted anew from the profile's calls, kept in a plain array. Nothing happens by time alone.
 */
import { Engine } from 'json-rules-engine'
import type { CallsEntry, RawCall } from '../../src/model/entry.ts'
import { lastLook, type Moment, momentOf } from './moment.ts'
import { factsOf, REACH_MS, type History, RULES } from './rules.ts'
import type { Change, Subject } from '../harness/subject.ts'

interface Person extends History {
  member: ReadonlySet<string>
  spend: number
}

export function rulesSubject(): Subject {
  const engine = new Engine([...RULES])
  const people = new Map<string, Person>()
  const seen = new Set<string>()

  async function take(entry: CallsEntry<RawCall>, out: Change[]): Promise<void> {
    const moment = momentOf(entry)
    if (seen.has(moment.messageId)) return
    seen.add(moment.messageId)
    let person = people.get(moment.userId)
    if (!person) {
      person = { moments: [], traits: undefined, traitsTs: -Infinity, member: new Set(), spend: 0 }
      people.set(moment.userId, person)
    }
    keep(person, moment)
    const facts = factsOf(person, moment.now)
    const { events } = await engine.run(facts)
    const member = new Set(events.map(({ type }) => type))
    out.push(...changesOf(person, member, facts.spend, moment))
    person.member = member
    person.spend = facts.spend
  }

  return {
    async apply(entries, out) {
      for (const entry of entries) await take(entry, out)
    },
    async finish(until, out) {
      for (const userId of people.keys()) await take(lastLook(userId, until), out)
    },
  }
}

function keep(person: Person, moment: Moment): void {
  if (moment.traits && moment.ts >= person.traitsTs) {
    person.traits = moment.traits
    person.traitsTs = moment.ts
  }
  person.moments = person.moments.filter(({ ts }) => ts > moment.now - REACH_MS)
  if (moment.ts > moment.now - REACH_MS) person.moments.push(moment)
}

function changesOf(before: Person, member: ReadonlySet<string>, spend: number, { now, userId }: Moment): Change[] {
  const common = { at: now, profile: `user_id:${userId}` }
  const changes: Change[] = []
  for (const key of member) if (!before.member.has(key)) changes.push({ ...common, type: 'entered', key })
  for (const key of before.member) if (!member.has(key)) changes.push({ ...common, type: 'exited', key })
  if (spend !== before.spend)
    changes.push({ ...common, type: 'trait', key: 'spend_30_days', value: spend > 0 ? spend : null })
  return changes
}
