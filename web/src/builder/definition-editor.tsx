import type { AudienceAnswer } from '../api/answers.ts'

export function DefinitionEditor({ audience }: { readonly audience?: AudienceAnswer }) {
  return <main>{audience?.definition.query}</main>
}
