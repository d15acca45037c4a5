/**
 * The CSV files of an export, in Segment's three forms. Cells are quoted as RFC 4180 has it, and one that a spreadsheet
 * would take for a formula has an apostrophe before it.
 *
 *     formatted      key,email,email_1,plan             ids and traits in columns of their own
 *     unformatted    key,external_ids,traits            both as JSON
 *     single         email                              one id of a type on a line, by default as its SHA-256
 */
import { createHash } from 'node:crypto'
import { csvLines } from '../../destinations/csv-list/csv.ts'
import { addToGroup } from '../model/groups.ts'
import type { ExportedMember, ExportRequest } from '../model/export.ts'
import { columnsOf, type IdCounts, textOf } from './columns.ts'

const BOM = '\ufeff'

export interface CsvTable {
  /** The text before the rows. */
  readonly head: string
  rowsOf(members: readonly ExportedMember[]): string
}

export function csvTable(request: ExportRequest, counts: IdCounts): CsvTable {
  const { names, recordsOf } = formOf(request, counts)
  return {
    head: `${request.hasBom ? BOM : ''}${csvLines([names])}`,
    rowsOf: (members) => csvLines(members.flatMap((member) => recordsOf(member))),
  }
}

interface Form {
  readonly names: readonly string[]
  readonly recordsOf: (member: ExportedMember) => readonly (readonly string[])[]
}

function formOf(request: ExportRequest, counts: IdCounts): Form {
  switch (request.format) {
    case 'single':
      return singleForm(request)
    case 'unformatted':
      return unformattedForm(request)
    default: {
      const columns = columnsOf(request, counts)
      return {
        names: columns.map(({ name }) => name),
        recordsOf: (member) => [columns.map((column) => column.textOf(member) ?? '')],
      }
    }
  }
}

function singleForm({ ids, isHashed }: ExportRequest): Form {
  const [type] = ids!
  return {
    names: [type!],
    recordsOf: ({ externalIds }) =>
      externalIds.filter((id) => id.type === type).map(({ value }) => [isHashed ? digestOf(value) : value]),
  }
}

function unformattedForm({ source, traits }: ExportRequest): Form {
  const hasValue = source.kind === 'computed_trait'
  const hasTraits = traits.length > 0
  return {
    names: ['key', ...(hasValue ? ['value'] : []), 'external_ids', ...(hasTraits ? ['traits'] : [])],
    recordsOf: (member) => [
      [
        member.id,
        ...(hasValue ? [textOf(member.value) ?? ''] : []),
        JSON.stringify(idsByType(member)),
        ...(hasTraits ? [JSON.stringify(member.traits)] : []),
      ],
    ],
  }
}

function idsByType({ externalIds }: ExportedMember): Record<string, string[]> {
  const byType = new Map<string, string[]>()
  for (const { type, value } of externalIds) addToGroup(byType, type, value)
  return Object.fromEntries(byType)
}

function digestOf(value: string): string {
  return createHash('sha256').update(value).digest('hex').toUpperCase()
}
