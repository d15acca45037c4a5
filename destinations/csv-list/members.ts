/**
 * The members of an audience: a row for each identity. A user has a row for each of its emails; a profile without a
 * user id has one for each email too, and one without email either, one for each anonymous id. An account is a row of
 * its own.
 *
 * I1. A row lies under its identity: user and email, or else the email, or else the anonymous id, or else the account.
 *     Its other ids are data.
 * I2. A user has a row without email, or rows with one; never both, unless an older file has both.
 * I3. `#byUser` has each row with a user id, and `#byAnonymous` each other row with an anonymous id, under that id: a
 *     change looks only at the rows that it concerns.
 * I4. Within one batch, a row that is removed keeps its position. So the same changes, once more, give the same rows in
 *     the same order.
 *
 * Rows of different accounts do not affect one another.
 */
import type { Cells, Change } from './change.ts'
import { RowIndex } from './row-index.ts'

interface Ids {
  readonly user: string
  readonly anonymous: string
  readonly email: string
  readonly account: string
}

export class Members {
  /** In the order in which they came. Undefined: removed by the current batch. */
  readonly #rows = new Map<string, Cells | undefined>()
  readonly #byUser = new RowIndex()
  readonly #byAnonymous = new RowIndex()
  /** Rows that the current batch has changed, as they were before. */
  readonly #before = new Map<string, Cells | undefined>()

  constructor(rows: readonly Cells[] = []) {
    for (const cells of rows) this.#put(keyOf(idsOf(cells)), cells)
    this.#before.clear()
  }

  *rows(): Generator<Cells> {
    for (const cells of this.#rows.values()) if (cells) yield cells
  }

  /** Applies changes one after the other; returns true if the rows differ afterwards. */
  apply(changes: readonly Change[]): boolean {
    for (const { isMember, cells } of changes) {
      if (isMember) this.#add(cells)
      else for (const key of this.#goneWith(idsOf(cells))) this.#remove(key)
    }
    return this.#settle()
  }

  /** Keeps I2. */
  #add(cells: Cells): void {
    const ids = idsOf(cells)
    for (const key of this.#lesserThan(ids)) this.#remove(key)
    const key = keyOf(ids)
    const others = ids.user !== '' && ids.email === '' ? this.#byUser.get(userOf(ids)) : []
    if (others.every((other) => other === key)) this.#put(key, cells)
  }

  /** Lists the rows that say less of the same identity. */
  #lesserThan(ids: Ids): string[] {
    const { user, anonymous, email } = ids
    if (user === '') return email !== '' && anonymous !== '' ? [keyOf({ ...ids, email: '' })] : []
    const nameless = anonymous === '' ? [] : this.#byAnonymous.get(anonymousOf(ids))
    return email === '' ? [...nameless] : [keyOf({ ...ids, email: '' }), keyOf({ ...ids, user: '' }), ...nameless]
  }

  /** Lists the rows of a member that leaves by these ids. */
  #goneWith(ids: Ids): string[] {
    const { user, anonymous, email } = ids
    if (user !== '') {
      const byEmail = email === '' ? [] : [keyOf({ ...ids, user: '' })]
      const byAnonymous = anonymous === '' ? [] : this.#byAnonymous.get(anonymousOf(ids))
      return [...this.#byUser.get(userOf(ids)), ...byEmail, ...byAnonymous]
    }
    if (email !== '') return [keyOf(ids), ...this.#lesserThan(ids)]
    return anonymous === '' ? [keyOf(ids)] : [...this.#byAnonymous.get(anonymousOf(ids))]
  }

  #put(key: string, cells: Cells): void {
    this.#remove(key)
    if (!this.#before.has(key)) this.#before.set(key, undefined)
    this.#rows.set(key, cells)
    this.#indexed(cells, (index, name) => index.add(name, key))
  }

  #remove(key: string): void {
    const cells = this.#rows.get(key)
    if (!cells) return
    if (!this.#before.has(key)) this.#before.set(key, cells)
    this.#rows.set(key, undefined)
    this.#indexed(cells, (index, name) => index.delete(name, key))
  }

  /** Keeps I3. */
  #indexed(cells: Cells, change: (index: RowIndex, name: string) => void): void {
    const ids = idsOf(cells)
    if (ids.user !== '') change(this.#byUser, userOf(ids))
    else if (ids.anonymous !== '') change(this.#byAnonymous, anonymousOf(ids))
  }

  /** Ends a batch: rows that are removed lose their position. */
  #settle(): boolean {
    let isChanged = false
    for (const [key, before] of this.#before) {
      const after = this.#rows.get(key)
      if (!after) this.#rows.delete(key)
      if (!isSame(before, after)) isChanged = true
    }
    this.#before.clear()
    return isChanged
  }
}

function idsOf(cells: Cells): Ids {
  return {
    user: cells.get('user_id') ?? '',
    anonymous: cells.get('anonymous_id') ?? '',
    email: cells.get('email') ?? '',
    account: cells.get('group_id') ?? '',
  }
}

/** Keeps I1. */
function keyOf({ user, anonymous, email, account }: Ids): string {
  if (user !== '') return JSON.stringify([account, 'user', user, email])
  if (email !== '') return JSON.stringify([account, 'email', email])
  return JSON.stringify(anonymous === '' ? [account] : [account, 'anonymous', anonymous])
}

function userOf({ account, user }: Ids): string {
  return JSON.stringify([account, user])
}

function anonymousOf({ account, anonymous }: Ids): string {
  return JSON.stringify([account, anonymous])
}

function isSame(a: Cells | undefined, b: Cells | undefined): boolean {
  if (!a || !b) return a === b
  return a.size === b.size && [...a].every(([column, cell]) => b.get(column) === cell)
}
