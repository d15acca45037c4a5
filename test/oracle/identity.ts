/** Which profile a call belongs to, and what a merge makes of several (docs/semantics.md section 7). */
import { inOrder, NO_STANDING, User, type Standing } from './actors.ts'
import { idKey, type Id } from './calls.ts'

const IDS_MAX = 1000
const MERGES_MAX = 100

function limitOf(type: string): number {
  return type === 'user_id' ? 1 : 5
}

export class Identities {
  readonly users = new Set<User>()
  readonly #byId = new Map<string, User>()
  #created = 0

  /** The profile of a call that carries these ids, highest priority first. */
  resolve(ids: readonly Id[]): User {
    let kept = [...ids]
    while (kept.length > 1 && !this.#fits(kept)) kept = kept.slice(0, -1)
    const holders = this.#holders(kept)
    const user = holders.length === 0 ? this.#create() : this.#merge(holders)
    for (const id of kept) {
      if (!this.#byId.has(idKey(id))) user.ids.push(id)
      this.#byId.set(idKey(id), user)
    }
    return user
  }

  find(id: Id): User | undefined {
    return this.#byId.get(idKey(id))
  }

  /** Forgets a user: its ids are nobody's. */
  remove(user: User): void {
    this.users.delete(user)
    for (const id of user.ids) this.#byId.delete(idKey(id))
    for (const account of user.accounts) account.users.delete(user)
  }

  #holders(ids: readonly Id[]): User[] {
    const holders = new Set(ids.map((id) => this.#byId.get(idKey(id))).filter((user) => user !== undefined))
    return [...holders].sort((a, b) => a.number - b.number)
  }

  #fits(ids: readonly Id[]): boolean {
    const holders = this.#holders(ids)
    const united = [...holders.flatMap((user) => user.ids), ...ids.filter((id) => !this.#byId.has(idKey(id)))]
    const ofType = (type: string) => united.filter((id) => id.type === type).length
    return (
      united.every(({ type }) => ofType(type) <= limitOf(type)) &&
      united.length <= IDS_MAX &&
      mergesOf(holders) <= MERGES_MAX
    )
  }

  #create(): User {
    const user = new User(this.#created++)
    this.users.add(user)
    return user
  }

  /** Unites the profiles, given in order of creation, in the one that survives. */
  #merge(holders: readonly User[]): User {
    const known = holders.filter((user) => user.ids.some(({ type }) => type === 'user_id'))
    const survivor = known.length === 1 ? known[0]! : holders[0]!
    survivor.mergeCount = mergesOf(holders)
    for (const other of holders) if (other !== survivor) this.#absorb(survivor, other)
    return survivor
  }

  #absorb(survivor: User, other: User): void {
    for (const id of other.ids) this.#byId.set(idKey(id), survivor)
    survivor.ids.push(...other.ids)
    survivor.events = inOrder([...survivor.events, ...other.events])
    for (const [name, entry] of other.traits) survivor.setTrait(name, entry)
    for (const account of other.accounts) {
      account.users.delete(other)
      account.users.add(survivor)
      survivor.accounts.add(account)
    }
    for (const [key, standing] of other.standings)
      survivor.standings.set(key, united(survivor.standings.get(key) ?? NO_STANDING, standing))
    this.users.delete(other)
  }
}

function mergesOf(holders: readonly User[]): number {
  return holders.reduce((sum, user) => sum + user.mergeCount, Math.max(0, holders.length - 1))
}

/** Member if either was; the survivor's value. */
function united(survivor: Standing, other: Standing): Standing {
  return {
    member: survivor.member || other.member,
    value: survivor.value,
    counted: survivor.counted || other.counted,
    sequence: Math.max(survivor.sequence, other.sequence),
  }
}
