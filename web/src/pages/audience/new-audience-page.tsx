/** A new audience: the builder, with nothing in it yet. */
import { DefinitionEditor } from '../../builder/definition-editor.tsx'

export function NewAudiencePage() {
  return <DefinitionEditor />
}
