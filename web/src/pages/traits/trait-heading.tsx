/** The name of a computed trait, its status, and the way to all that is shown of it. */
import { Link } from '@tanstack/react-router'
import type { ComputedTraitAnswer } from '../../api/answers.ts'
import { count } from '../../parts/format.ts'
import { useConnections } from '../audience/connection-queries.ts'
import { StatusCell } from '../audiences/audience-cells.tsx'
import '../audience/audience.css'

/** In the address each is behind `#`; the first one is nothing there. */
export type TraitTab = 'definition' | 'connections' | 'settings'

const TABS: readonly { readonly tab: TraitTab; readonly text: string }[] = [
  { tab: 'definition', text: 'Definition' },
  { tab: 'connections', text: 'Connections' },
  { tab: 'settings', text: 'Settings' },
]

export interface TraitHeadingProps {
  readonly trait: ComputedTraitAnswer
  readonly tab: TraitTab
}

export function TraitHeading({ trait, tab }: TraitHeadingProps) {
  return (
    <>
      <div className="ttl">
        <h1>{trait.name}</h1>
        <StatusCell audience={trait} />
        {trait.definition.type === 'ACCOUNTS' && <span className="chip line">Accounts</span>}
      </div>
      <TraitTabs trait={trait} tab={tab} />
    </>
  )
}

/** The way to all that is shown of a computed trait. */
export function TraitTabs({ trait: { id: traitId, name }, tab: shown }: TraitHeadingProps) {
  const connections = useConnections({ kind: 'computed-traits', id: traitId }).data?.length ?? 0
  return (
    <nav className="tabs" aria-label={name}>
      {TABS.map(({ tab, text }) => (
        <Link
          key={tab}
          to="/traits/$traitId"
          params={{ traitId }}
          hash={tab === 'definition' ? '' : tab}
          activeOptions={{ exact: true, includeHash: true }}
          {...(tab === shown && { 'aria-current': 'page' })}
        >
          {text}
          {tab === 'connections' && connections > 0 && ` ${count(connections)}`}
        </Link>
      ))}
    </nav>
  )
}
