/** The frame of a page: its bar with a title and what can be done, and its content. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Pulse } from './pulse.tsx'
import { ThemeButton } from './theme.tsx'
import { FindButton } from './find.tsx'

export interface PageProps {
  /** Stands in the tab of the browser and in the bar: never a name or an id of a person. */
  readonly title: string
  /** In place of the title in the tab: with what has moved. */
  readonly tabTitle?: string
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

export function Page({ title, tabTitle = title, parent, note, actions, children, isOwnLayout = false }: PageProps) {
  return (
    <>
      <title>{`${tabTitle} · Rollcall`}</title>
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
