/** One audience: its definition, who is in it, how its size went, and who is told of it. */
import { useParams } from '@tanstack/react-router'
import type { ComponentType } from 'react'
import type { AudienceAnswer } from '../../api/answers.ts'
import { day } from '../../parts/format.ts'
import { NotFound } from '../../frame/not-found.tsx'
import { Page } from '../../frame/page.tsx'
import { DefinitionEditor } from '../../builder/definition-editor.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import { StatusCell } from '../audiences/audience-cells.tsx'
import { AudienceHeading, AudienceTabs, type AudienceTab } from './audience-heading.tsx'
import { AudienceSettings } from './audience-settings.tsx'
import { Connections } from './connections.tsx'
import { People } from './people.tsx'
import { useAudience } from './queries.ts'
import { SizeOverTime } from './size-over-time.tsx'

type Shown = ComponentType<{ readonly audience: AudienceAnswer }>

const TABS: Readonly<Record<Exclude<AudienceTab, 'definition'>, Shown>> = {
  people: People,
  size: SizeOverTime,
  connections: ({ audience: { id, audienceType } }) => (
    <Connections of={{ kind: 'audiences', id }} type={audienceType} />
  ),
  settings: AudienceSettings,
}

export function AudiencePage() {
  const { audienceId, tab } = useParams({ strict: false })
  const audience = useAudience(audienceId!)
  const { data, error } = audience
  if (tab !== undefined && !Object.hasOwn(TABS, tab)) return <NotFound />
  if (!data)
    return (
      <Page title="Audience">
        {error ? <Failed error={error} again={() => void audience.refetch()} /> : <Loading rows={12} />}
      </Page>
    )
  if (tab === undefined)
    return (
      <DefinitionEditor
        audience={data}
        key={data.id}
        status={
          <span className="row">
            <StatusCell audience={data} />
            <span className="mut hide-s">since {day(data.createdAt)}</span>
          </span>
        }
        tabs={<AudienceTabs audience={data} tab="definition" />}
      />
    )
  const shown = tab as keyof typeof TABS
  const Tab = TABS[shown]
  return (
    <Page title={data.name} parent={{ to: '/', text: 'Audiences' }}>
      <AudienceHeading audience={data} tab={shown} />
      <div className="audience-tab">
        <Tab audience={data} key={data.id} />
      </div>
    </Page>
  )
}
