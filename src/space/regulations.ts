/**
 * Regulations: what was asked for many people at once, as Segment's Public API has it. Ids are suppressed in the entry
 * that asks for it; deletions follow one by one, each an entry of its own, and go on after a restart. Of people who are
 * done, no id is kept here.
 */
import type { RegulationRecord, RegulationType, SpaceCommand } from '../model/space-command.ts'

/** So many that are done are kept, the newest. */
const DONE_MAX = 1_000

/** A regulation with the users that are still to be deleted, by their `user_id`s. */
interface OpenRegulation {
  readonly record: RegulationRecord
  readonly userIds: readonly string[]
}

/** As a checkpoint has them. */
export interface RegulationsState {
  readonly done: readonly RegulationRecord[]
  readonly open: readonly OpenRegulation[]
}

type Regulate = Extract<SpaceCommand, { kind: 'regulate' }>
type Delete = Extract<SpaceCommand, { kind: 'delete' }>

export class Regulations {
  #done: RegulationRecord[] = []
  #open: OpenRegulation[] = []

  static of({ done, open }: RegulationsState): Regulations {
    const regulations = new Regulations()
    regulations.#done = [...done]
    regulations.#open = [...open]
    return regulations
  }

  state(): RegulationsState {
    return { done: [...this.#done], open: [...this.#open] }
  }

  /** Lists them, the oldest first. */
  list(): RegulationRecord[] {
    return [...this.#done, ...this.#open.map(({ record }) => record)].sort((a, b) => a.createdAt - b.createdAt)
  }

  find(id: string): RegulationRecord | undefined {
    return this.list().find((record) => record.id === id)
  }

  /** Users that are still to be deleted. */
  get openCount(): number {
    return this.#open.reduce((sum, { userIds }) => sum + userIds.length, 0)
  }

  /** The deletion that is next; undefined if there is none. */
  get next(): Delete | undefined {
    const [first] = this.#open
    if (!first) return undefined
    const { record, userIds } = first
    const suppress = record.type === 'SUPPRESS_WITH_DELETE'
    return { kind: 'delete', profile: { type: 'user_id', value: userIds[0]! }, suppress, regulationId: record.id }
  }

  /** Takes up a regulation. @param now receive time of the entry, epoch ms */
  begin({ regulation: record, userIds }: Regulate, now: number): void {
    if (deletes(record.type)) this.#open.push({ record, userIds })
    else this.#finish(record, now)
  }

  /** Records that a deletion is done. */
  deleted({ regulationId, profile }: Delete, now: number): void {
    const index = this.#open.findIndex(({ record }) => record.id === regulationId)
    const open = this.#open[index]
    if (!open) return
    const userIds = open.userIds.filter((value) => value !== profile.value)
    if (userIds.length > 0) {
      this.#open[index] = { ...open, userIds }
      return
    }
    this.#open.splice(index, 1)
    this.#finish(open.record, now)
  }

  /** Drops what is still to be done of one, and forgets it. */
  end(id: string): void {
    this.#open = this.#open.filter(({ record }) => record.id !== id)
    this.#done = this.#done.filter((record) => record.id !== id)
  }

  #finish(record: RegulationRecord, now: number): void {
    this.#done.push({ ...record, finishedAt: now })
    if (this.#done.length > DONE_MAX) this.#done.shift()
  }
}

function deletes(type: RegulationType): boolean {
  return type === 'SUPPRESS_WITH_DELETE' || type === 'DELETE_ONLY'
}
