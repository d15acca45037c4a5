/**
 * A space: the engine, the records of its definitions, its outbox, and what is told of the past: its last transitions,
 * sizes over time, and the names of calls. Entries are applied to all of them in the same way, live or from the
 * journal.
 */
import type { Observable } from 'rxjs'
import { tap } from 'rxjs'
import { type Commit, driveActors } from '../../actors/engine/drive-actors.ts'
import type { Shard } from '../../actors/engine/shard.ts'
import type { Registry } from './registry.ts'
import type { JournalEntry } from '../journal/journal.ts'
import type { SpaceCommand } from '../model/space-command.ts'
import type { SpaceOutbox } from '../outbox/space-outbox.ts'
import type { SpaceView } from '../outbox/space-view.ts'
import type { SettlementObserver } from '../../actors/settlement/settlement-observer.ts'
import type { EngineEntry } from './engine-entry.ts'
import type { DefinitionType } from '../model/definition.ts'
import { isDeliveryCommand } from '../model/destination.ts'
import type { AudienceSizes, CountedSpace } from './audience-sizes.ts'
import type { AuditLog } from './audit-log.ts'
import type { ObservedNames } from './observed-names.ts'
import type { RecentTransitions } from './recent-transitions.ts'

export interface Space {
  readonly shard: Shard
  readonly registry: Registry
  readonly outbox: SpaceOutbox
  readonly recent: RecentTransitions
  readonly sizes: AudienceSizes
  readonly observed: ObservedNames
  readonly audit: AuditLog
}

/** Applies entries, in order, to the whole space. */
export function applyEntries({ shard, registry, outbox, recent, sizes, observed, audit }: Space) {
  return (entries: Observable<EngineEntry>): Observable<Commit<EngineEntry>> => {
    let { definitions } = shard
    return entries.pipe(
      tap(({ receivedAt, journalled }) => {
        outbox.begin({ receivedAt, switches: switchesOf(shard, journalled) })
        recent.begin()
      }),
      driveActors(shard),
      tap(({ entry, outcomes }) => {
        const { journalled } = entry
        if (entry.kind === 'calls') observed.applied(entry.calls, outcomes, entry.receivedAt)
        if (journalled.kind === 'command') {
          audit.begin(journalled, { registry, outbox })
          applyCommand(journalled, registry, outbox)
        }
        const isSwitched = shard.changeover.switchedAt === undefined
        if (journalled.kind === 'command' && !shard.changeover.progress) addressAll(registry, outbox)
        outbox.end(isSwitched)
        recent.end()
        if (shard.definitions !== definitions) sizes.definitionsChanged(journalled.receivedAt)
        definitions = shard.definitions
      }),
    )
  }
}

/** Lists the instants of switches that an entry may settle: of one under way, and its own if it may begin one. */
function switchesOf(shard: Shard, entry: JournalEntry<SpaceCommand>): number[] {
  const { switchedAt } = shard.changeover
  const mayBegin = entry.kind === 'command' && ['define', 'remove', 'proceed'].includes(entry.command.kind)
  return [...(switchedAt === undefined ? [] : [switchedAt]), ...(mayBegin ? [entry.receivedAt] : [])]
}

/** Addresses whom the definitions include, now that what was there before has been settled for all. */
function addressAll(registry: Registry, outbox: SpaceOutbox): void {
  for (const { record } of outbox.connections()) {
    const source = registry.get(record.definitionId)?.source
    if (source) outbox.definitionChanged(record.definitionId, source.includeAnonymousUsers ?? false)
  }
}

/** Makes the observer of a space's engine: all that follows from its settlements. */
export function observerOf({
  outbox,
  recent,
  sizes,
  observed,
}: Pick<Space, 'outbox' | 'recent' | 'sizes' | 'observed'>): SettlementObserver {
  return {
    settled: (settled) => {
      recent.settled(settled)
      sizes.settled(settled)
      outbox.settled(settled)
      for (const user of settled.deleted)
        observed.forget({ eventNames: new Set(user.keptEvents().map(({ name }) => name)), older: user.older })
    },
  }
}

/** Makes a function that finds the number of a definition by its type and key. */
export function numbersOf(shard: Shard): (type: DefinitionType, key: string) => number | undefined {
  let definitions: object | undefined
  let numbers: ReadonlyMap<string, number> = new Map<string, number>()
  return (type, key) => {
    if (definitions !== shard.definitions) {
      definitions = shard.definitions
      numbers = new Map(shard.definitions.inputs().map(({ id, source }) => [`${source.type} ${source.key}`, id]))
    }
    return numbers.get(`${type} ${key}`)
  }
}

/** Makes the view of a space that its outbox has. */
export function viewOf(shard: Shard): SpaceView {
  const numberOf = numbersOf(shard)
  return {
    get rulesVersion() {
      return shard.rulesVersion
    },
    get callCount() {
      return shard.callCount
    },
    get profileCount() {
      return shard.profileCount
    },
    get pageCount() {
      return shard.reader.pageCount
    },
    get definitions() {
      return shard.definitions
    },
    numberOf,
    see: (ordinal, look) => shard.reader.see(ordinal, look),
    seePages: (pages, look) => shard.reader.seePages(pages, look),
  }
}

/** Makes the view of a space by which its audiences are counted. */
export function countedSpaceOf(shard: Shard): CountedSpace {
  return {
    membersOf: (definition) => shard.reader.membersOf(definition),
    audiences: () =>
      shard.definitions
        .inputs()
        .filter(({ source }) => source.kind === 'audience')
        .map(({ id }) => id),
    isAside: (definition) => shard.definitions.isAside(definition),
  }
}

function applyCommand(
  { command, receivedAt }: Extract<JournalEntry<SpaceCommand>, { kind: 'command' }>,
  registry: Registry,
  outbox: SpaceOutbox,
): void {
  registry.apply(command, receivedAt)
  if (isDeliveryCommand(command)) outbox.apply(command)
  else if (command.kind === 'remove') outbox.definitionRemoved(command.id)
}
