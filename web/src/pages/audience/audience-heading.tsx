/** The name of an audience, its status, and the way to all that is shown of it. */
import { Link } from '@tanstack/react-router'
import type { AudienceAnswer } from '../../api/answers.ts'
import { count } from '../../parts/format.ts'
import { StatusCell } from '../audiences/audience-cells.tsx'
import { useConnections } from './connection-queries.ts'
import './audience.css'

export type AudienceTab = 'definition' | 'people' | 'size' | 'connections' | 'settings'

const TABS: readonly { readonly tab: AudienceTab; readonly text: string }[] = [
  { tab: 'definition', text: 'Definition' },
  { tab: 'people', text: 'People' },
  { tab: 'size', text: 'Size over time' },
  { tab: 'connections', text: 'Connections' },
  { tab: 'settings', text: 'Settings' },
]

export interface AudienceHeadingProps {
  readonly audience: AudienceAnswer
  readonly tab: AudienceTab
}

export function AudienceHeading({ audience, tab }: AudienceHeadingProps) {
  const { name, audienceType } = audience
  return (
    <>
      <div className="ttl">
        <h1>{name}</h1>
        <StatusCell audience={audience} />
        {audienceType === 'ACCOUNTS' && <span className="chip line">Accounts</span>}
      </div>
      <AudienceTabs audience={audience} tab={tab} />
    </>
  )
}

/** The way to all that is shown of an audience. */
export function AudienceTabs({ audience, tab: shown }: AudienceHeadingProps) {
  const { id: audienceId, name, audienceType } = audience
  const connections = useConnections({ kind: 'audiences', id: audienceId }).data?.length ?? 0
  return (
    <>
      <nav className="tabs" aria-label={name}>
        {TABS.map(({ tab, text }) => {
          const words = tab === 'people' && audienceType === 'ACCOUNTS' ? 'Accounts' : text
          return (
            <Link
              key={tab}
              {...(tab === 'definition'
                ? ({ to: '/audiences/$audienceId', params: { audienceId } } as const)
                : ({ to: '/audiences/$audienceId/$tab', params: { audienceId, tab } } as const))}
              activeOptions={{ exact: true }}
              {...(tab === shown && { 'aria-current': 'page' })}
            >
              {words}
              {tab === 'connections' && connections > 0 && ` ${count(connections)}`}
            </Link>
          )
        })}
      </nav>
    </>
  )
}
