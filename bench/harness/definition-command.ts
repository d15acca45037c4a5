/** A definition of the benches as the command that makes it. */
import type { SpaceCommand } from '../../src/model/space-command.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'

export function definitionCommand(index: number, source: DefinitionSource): SpaceCommand {
  const record = { id: `aud_${index}`, name: source.key, description: '', enabled: true, createdAt: 0, updatedAt: 0 }
  return { kind: 'define', record: { ...record, source, options: {} } }
}
