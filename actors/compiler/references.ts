/**
 * Resolves `trait('…')` references between definitions, and orders definitions so that each settles after its inputs.
 * References go user → user, account → account, account → user inside a quantifier, user → audience of accounts.
 */
import type { Condition, Filter, Operand, Query, Scalar } from '../../src/language/tree.ts'
import type { ActorKind, DefinitionSource } from '../../src/model/definition.ts'
import { EngineError } from '../../src/model/errors.ts'
import type { Since } from '../plan/since.ts'
import { compilePath, compileSteps, type PathReader, pathSteps } from '../values/values.ts'

/** A moment of a space. */
export interface Moment {
  /** The number of calls that it had taken up. */
  readonly arrivals: number
  /** Epoch ms. */
  readonly at: number
}

/** A definition as the compiler takes it. */
export interface DefinitionInput {
  readonly id: number
  readonly source: DefinitionSource
  readonly query: Query
  readonly since: Since
  /** From when on it leaves nothing out; undefined if it was there from the start. */
  readonly begunAt: Moment | undefined
  /** The number of calls that the space had taken up when it was defined, or last edited; -1: from the start. */
  readonly definedAt: number
}

export type Target =
  | { readonly kind: 'own'; readonly key: string; readonly read: PathReader | undefined }
  | { readonly kind: 'account_audience'; readonly key: string }
  | { readonly kind: 'hidden' }
  | { readonly kind: 'custom'; readonly keys: readonly string[]; readonly read: PathReader }

export class KeyTable {
  readonly #keys: Record<ActorKind, Map<string, DefinitionSource>> = { user: new Map(), account: new Map() }

  constructor(sources: readonly DefinitionSource[]) {
    for (const source of sources) this.#keys[kindOfType(source)].set(source.key, source)
  }

  /** Resolves a name for this kind of actor: the whole name among defined keys first, then its first part. */
  resolve(kind: ActorKind, name: string): Target {
    const steps = pathSteps(name)
    const whole = steps.join('.')
    for (const [key, rest] of [[whole, []] as const, [steps[0]!, steps.slice(1)] as const]) {
      if (this.#keys[kind].has(key)) return { kind: 'own', key, read: rest.length > 0 ? compileSteps(rest) : undefined }
      const other = this.#keys[kind === 'user' ? 'account' : 'user'].get(key)
      if (!other) continue
      const visible = kind === 'user' && other.kind === 'audience' && rest.length === 0
      return visible ? { kind: 'account_audience', key } : { kind: 'hidden' }
    }
    return { kind: 'custom', keys: [whole, steps[0]!], read: compilePath(name) }
  }
}

export function kindOfType(source: Pick<DefinitionSource, 'type'>): ActorKind {
  return source.type === 'ACCOUNTS' ? 'account' : 'user'
}

/** Visits every trait reference of a query, with the kind of actor whose trait it is. */
export function visitTraits(query: Query, kind: ActorKind, visit: (name: string, kind: ActorKind) => void): void {
  const scalar = (value: Scalar | Operand, of: ActorKind): void => {
    if (value.kind === 'trait') visit(value.name, of)
    else if (value.kind === 'reduction') for (const filter of value.stream.filters) inFilter(filter, of)
  }
  const inFilter = (filter: Filter, of: ActorKind): void => {
    if (filter.kind === 'where') condition(filter.condition, of)
  }
  const condition = (tree: Condition, of: ActorKind): void => {
    switch (tree.kind) {
      case 'and':
      case 'or':
        for (const operand of tree.operands) condition(operand, of)
        return
      case 'not':
        condition(tree.operand, of)
        return
      case 'quantifier':
        condition(tree.operand, 'user')
        return
      case 'comparison':
        scalar(tree.left, of)
        if ('right' in tree) for (const right of rightsOf(tree.right)) scalar(right, of)
    }
  }
  if (query.kind === 'audience') condition(query.condition, kind)
  else scalar(query.reduction, kind)
}

export function rightsOf(right: Operand | readonly Operand[]): readonly Operand[] {
  return Array.isArray(right) ? (right as readonly Operand[]) : [right as Operand]
}

/**
 * Definitions that will come in place of the present ones, of which the states are computed beforehand. Their names are
 * looked up among all that will be there.
 */
export interface PreparedDefinitions {
  readonly inputs: readonly DefinitionInput[]
  readonly keys: KeyTable
}

export const NONE_PREPARED: PreparedDefinitions = { inputs: [], keys: new KeyTable([]) }

/** A definition with its level in the order of settling: even for users, odd for accounts. */
export interface Placed {
  readonly input: DefinitionInput
  readonly level: number
}

/**
 * The longest chain of definitions that read one another; a longer one is refused, because walking it uses the stack.
 */
export const REFERENCES_DEPTH_MAX = 500

/**
 * Orders definitions so that each comes after everything that it reads. Throws an EngineError for a cycle, or a chain
 * too long.
 */
export function placeDefinitions(
  inputs: readonly DefinitionInput[],
  keys: KeyTable,
  prepared: PreparedDefinitions = NONE_PREPARED,
): Placed[] {
  // A prepared definition reads those that are there, until it takes the place of one.
  const byName = new Map(
    [...prepared.inputs, ...inputs].map((input) => [nameOf(kindOfType(input.source), input.source.key), input]),
  )
  const arePrepared = new Set(prepared.inputs)
  const known = new Map<DefinitionInput, { level: number; depth: number }>()
  const open = new Set<DefinitionInput>()
  const placed: Placed[] = []
  const place = (input: DefinitionInput): { level: number; depth: number } => {
    const found = known.get(input)
    if (found) return found
    if (open.has(input)) throw cycle(input)
    // The walk itself goes no deeper than the bound.
    if (open.size >= REFERENCES_DEPTH_MAX) throw tooDeep(input)
    open.add(input)
    const kind = kindOfType(input.source)
    let level = kind === 'user' ? 0 : 1
    let depth = 1
    visitTraits(input.query, kind, (name, of) => {
      const target = (arePrepared.has(input) ? prepared.keys : keys).resolve(of, name)
      if (target.kind === 'custom' || target.kind === 'hidden') return
      const targetKind = target.kind === 'own' ? of : 'account'
      const read = place(byName.get(nameOf(targetKind, target.key))!)
      const seenBy = targetKind === of ? read.level : read.level + 1
      level = Math.max(level, of === kind ? seenBy : seenBy + 1)
      depth = Math.max(depth, read.depth + 1)
    })
    if (depth > REFERENCES_DEPTH_MAX) throw tooDeep(input)
    open.delete(input)
    known.set(input, { level, depth })
    placed.push({ input, level })
    return { level, depth }
  }
  for (const input of [...inputs, ...prepared.inputs]) place(input)
  return placed
}

function cycle({ source }: DefinitionInput): EngineError {
  return new EngineError(
    'definition_cycle',
    `The definition '${source.key}' would create a cycle by referencing another audience or trait that references it`,
    'definition.query',
  )
}

function tooDeep({ source }: DefinitionInput): EngineError {
  return new EngineError(
    'definition_invalid',
    `The definition '${source.key}' is part of a chain of more than ${REFERENCES_DEPTH_MAX} references one after another`,
    'definition.query',
  )
}

function nameOf(kind: ActorKind, key: string): string {
  return `${kind}:${key}`
}
