/** A new audience. */
import { DefinitionEditor } from '../../builder/definition-editor.tsx'

export function NewAudiencePage() {
  return <DefinitionEditor />
}
