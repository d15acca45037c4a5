/** The frame of a page: its bar with a title and what can be done, and its content. */
import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useSpaceId } from '../api/session.ts'
import { Pulse } from './pulse.tsx'
import { ThemeButton } from './theme.tsx'
import { FindButton } from './find.tsx'
import { useUnseen } from './use-unseen.ts'

export interface PageProps {
  /** Stands in the tab of the browser and in the bar: never a name or an id of a person. */
  readonly title: string
  /** The tab says who came and went while it was hidden: in all audiences. On pages of one audience it always does. */
  readonly isMoving?: boolean
  /** The page above this one. */
  readonly parent?: {
    readonly to: '/' | '/traits' | '/profiles' | '/accounts' | '/destinations' | '/sources'
    readonly text: string
  }
  /** Beside the title. */
  readonly note?: ReactNode
  /** At the end of the bar: at most one primary button. */
  readonly actions?: ReactNode
  readonly children: ReactNode
  /** The content has columns of its own, and says itself what is `main`. */
  readonly isOwnLayout?: boolean
}

export function Page({ title, isMoving = false, parent, note, actions, children, isOwnLayout = false }: PageProps) {
  return (
    <>
      <TabTitle title={title} isMoving={isMoving} />
      <header className="bar">
        <div className="crumb">
          {parent && (
            <>
              <Link to={parent.to}>{parent.text}</Link>
              <span aria-hidden="true">›</span>
            </>
          )}
          {parent ? <b>{title}</b> : <h1 className="bar-title">{title}</h1>}
          {note}
        </div>
        <span className="grow" />
        <Pulse />
        <FindButton />
        <ThemeButton />
        {actions}
      </header>
      {isOwnLayout ? children : <main>{children}</main>}
    </>
  )
}

/** By itself, so that the page is not rendered anew for each who comes or goes. */
function TabTitle({ title, isMoving }: { readonly title: string; readonly isMoving: boolean }) {
  const { audienceId } = useParams({ strict: false })
  const unseen = useUnseen(useSpaceId(), audienceId)
  return <title>{`${isMoving || audienceId !== undefined ? unseen : ''}${title} · Rollcall`}</title>
}
