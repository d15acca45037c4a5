/** One computed trait: its definition with its values, who is told of it, and what it is. */
import { useLocation, useParams } from '@tanstack/react-router'
import { Page } from '../../frame/page.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import { Connections } from '../audience/connections.tsx'
import { StatusCell } from '../audiences/audience-cells.tsx'
import { useTrait } from './queries.ts'
import { TraitEditor } from './trait-editor.tsx'
import { TraitHeading, TraitTabs } from './trait-heading.tsx'
import { TraitSettings } from './trait-settings.tsx'

export function TraitPage() {
  const { traitId } = useParams({ strict: false })
  const tab = useLocation({ select: ({ hash }) => hash })
  const trait = useTrait(traitId!)
  const { data, error } = trait
  if (!data)
    return (
      <Page title="Computed trait">
        {error ? <Failed error={error} again={() => void trait.refetch()} /> : <Loading rows={12} />}
      </Page>
    )
  if (tab !== 'connections' && tab !== 'settings')
    return (
      <TraitEditor
        key={data.id}
        trait={data}
        status={<StatusCell audience={data} />}
        tabs={<TraitTabs trait={data} tab="definition" />}
      />
    )
  const { id, name, definition } = data
  return (
    <Page title={name} parent={{ to: '/traits', text: 'Computed traits' }}>
      <TraitHeading trait={data} tab={tab} />
      <div className="audience-tab" key={id}>
        {tab === 'connections' ? (
          <Connections of={{ kind: 'computed-traits', id }} type={definition.type} />
        ) : (
          <TraitSettings trait={data} />
        )}
      </div>
    </Page>
  )
}
