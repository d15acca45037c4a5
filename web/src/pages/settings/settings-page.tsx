/** The settings of a space: who may do what, how much is kept, what was changed; and the spaces of the installation. */
import { useState } from 'react'
import { Page } from '../../frame/page.tsx'
import { useMay, useSession } from '../../api/session.ts'
import { Segmented } from '../../parts/segmented.tsx'
import { AuditLog } from './audit-log.tsx'
import { Import } from './import.tsx'
import { Retention } from './retention.tsx'
import './settings.css'
import { Spaces } from './spaces.tsx'
import { Tokens } from './tokens.tsx'

type Part = 'tokens' | 'retention' | 'import' | 'changes' | 'spaces'

export function SettingsPage() {
  const isAdmin = useMay('admin')
  const isEditor = useMay('editor')
  const { spaceId } = useSession()
  const parts: { id: Part; text: string }[] = [
    ...(isAdmin ? [{ id: 'tokens' as const, text: 'Access tokens' }] : []),
    { id: 'retention', text: 'Retention' },
    ...(isEditor ? [{ id: 'import' as const, text: 'Import' }] : []),
    ...(isAdmin ? [{ id: 'changes' as const, text: 'Audit log' }] : []),
    ...(spaceId === undefined ? [{ id: 'spaces' as const, text: 'Spaces' }] : []),
  ]
  const [part, choose] = useState<Part>(parts[0]!.id)
  return (
    <Page title="Settings">
      <Segmented
        className="settings-parts"
        label="Part of the settings"
        choices={parts}
        value={part}
        onChange={choose}
      />
      {part === 'tokens' && <Tokens />}
      {part === 'retention' && <Retention />}
      {part === 'import' && <Import />}
      {part === 'changes' && <AuditLog />}
      {part === 'spaces' && <Spaces />}
    </Page>
  )
}
