/** Finds the definitions that read a definition, by the rules by which the engine looks names up. */
import { KeyTable, kindOfType, type Target, visitTraits } from '../../actors/compiler/references.ts'
import { parseQuery } from '../language/parse.ts'
import type { ActorKind, DefinitionSource } from '../model/definition.ts'

/** Returns those of `all` that read `source`. A name that is hidden from its reader reads nothing. */
export function readersOf(source: DefinitionSource, all: readonly DefinitionSource[]): DefinitionSource[] {
  const keys = new KeyTable(all)
  return all.filter((reader) => namesIn(reader).some(([kind, name]) => isMeant(source, keys.resolve(kind, name), kind)))
}

/** Returns the names that a query looks up, with the kind of actor whose trait each is. */
function namesIn(reader: DefinitionSource): (readonly [ActorKind, string])[] {
  const names: (readonly [ActorKind, string])[] = []
  visitTraits(parseQuery(reader.query, reader), kindOfType(reader), (name, kind) => names.push([kind, name]))
  return names
}

/** Returns true if the name, for an actor of this kind, means the definition. */
function isMeant(source: DefinitionSource, target: Target, kind: ActorKind): boolean {
  if (target.kind !== 'own' && target.kind !== 'account_audience') return false
  const ofKind = target.kind === 'own' ? kind : 'account'
  return target.key === source.key && ofKind === kindOfType(source)
}
