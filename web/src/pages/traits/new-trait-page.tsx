/** A new computed trait: the builder, with nothing in it yet. */
import { useMay } from '../../api/session.ts'
import { Page } from '../../frame/page.tsx'
import { Empty } from '../../parts/states.tsx'
import { TraitEditor } from './trait-editor.tsx'

export function NewTraitPage() {
  const mayEdit = useMay('editor')
  if (mayEdit) return <TraitEditor />
  return (
    <Page title="New computed trait" parent={{ to: '/traits', text: 'Computed traits' }}>
      <h1>New computed trait</h1>
      <Empty title="Your access is to look only.">
        <p>An editor can make one.</p>
      </Empty>
    </Page>
  )
}
