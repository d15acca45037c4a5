/** People in answers: a few, each on a line. */
import { z } from 'zod'
import { bounded, cut, valueText } from './text.ts'

/** So many are shown at most. */
export const SHOWN_MAX = 10
const IDS_SHOWN_MAX = 5

export const Member = z.object({
  id: z.string(),
  externalIds: z.array(z.object({ type: z.string(), value: z.string() })),
  traits: z.record(z.string(), z.unknown()).default({}),
  until: z.string().optional(),
})
export type Member = z.infer<typeof Member>

/** Returns the first few, with no more of each than is shown. */
export function shown(members: readonly Member[]): Member[] {
  return members.slice(0, SHOWN_MAX).map(({ externalIds, traits, ...member }) => ({
    ...member,
    externalIds: externalIds.slice(0, IDS_SHOWN_MAX),
    traits: Object.fromEntries(Object.entries(traits).map(([name, value]) => [name, bounded(value)])),
  }))
}

/** `  user_id:u1 (email:ann@x.io), plan: "pro", until 2026-02-07T00:00:00.000Z`. */
export function memberText({ id, externalIds, traits, until }: Member): string {
  const others = externalIds.map(({ type, value }) => `${type}:${value}`).filter((other) => other !== id)
  return [
    `  ${cut(id)}${others.length > 0 ? ` (${others.map((other) => cut(other)).join(', ')})` : ''}`,
    ...Object.entries(traits).map(([name, value]) => `${cut(name)}: ${valueText(value)}`),
    ...(until === undefined ? [] : [`until ${until}`]),
  ].join(', ')
}

/** A heading with its lines; undefined without any. */
export function membersText(heading: string, members: readonly Member[]): string | undefined {
  return members.length === 0 ? undefined : [heading, ...members.map(memberText)].join('\n')
}
