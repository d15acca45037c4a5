/**
 * The columns of a table of members: one for each type of id, as many more as a member has ids of that type, and one
 * for each trait. `email`, `email_1`, `email_2`, then `plan`.
 */
import { compareIdTypes, DEFAULT_IDENTITY_RULES } from '../model/external-id.ts'
import type { ExportedMember, ExportRequest } from '../model/export.ts'
import type { JsonValue } from '../model/json.ts'

/** By type of id: the most that a member has. */
export type IdCounts = ReadonlyMap<string, number>

/** A column: its name, and its text of a member; undefined for none. */
export interface MemberColumn {
  readonly name: string
  readonly textOf: (member: ExportedMember) => string | undefined
}

export function columnsOf({ source, ids, traits }: ExportRequest, counts: IdCounts): MemberColumn[] {
  const types = ids ?? [...counts.keys()].sort((a, b) => compareIdTypes(DEFAULT_IDENTITY_RULES, a, b))
  const columns: MemberColumn[] = [{ name: 'key', textOf: ({ id }) => id }]
  if (source.kind === 'computed_trait') columns.push({ name: 'value', textOf: ({ value }) => textOf(value) })
  const names = new Set([...columns.map(({ name }) => name), ...types])
  for (const type of types) {
    columns.push(idColumn(type, type, 0))
    for (let index = 1, suffix = 1; index < (counts.get(type) ?? 0); index++) {
      while (names.has(`${type}_${suffix}`)) suffix++
      names.add(`${type}_${suffix}`)
      columns.push(idColumn(`${type}_${suffix}`, type, index))
    }
  }
  for (const trait of traits)
    columns.push({ name: traitName(trait, names), textOf: (member) => textOf(member.traits[trait]) })
  return columns
}

/** Text stays as it is, and all else is JSON. */
export function textOf(value: JsonValue | undefined): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function idColumn(name: string, type: string, index: number): MemberColumn {
  return { name, textOf: ({ externalIds }) => externalIds.filter((id) => id.type === type)[index]?.value }
}

/** Names the column of a trait: a trait with the name of another column has `traits.` before it. */
function traitName(trait: string, names: Set<string>): string {
  let name = trait
  while (names.has(name)) name = `traits.${name}`
  names.add(name)
  return name
}
