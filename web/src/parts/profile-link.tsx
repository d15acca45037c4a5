/** A link to a person or an account, by the segment id, which says nothing about anybody. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

/** Returns the route of a profile. @param id `use_…` or `acc_…` */
export function profileRoute(id: string) {
  const to = id.startsWith('acc_') ? ('/accounts/$profileId' as const) : ('/profiles/$profileId' as const)
  return { to, params: { profileId: id } }
}

interface ProfileLinkProps {
  readonly id: string
  readonly className?: string
  readonly children: ReactNode
  /** True in a row that is a stop of the Tab key itself, and opens the same. */
  readonly isInRow?: boolean
}

export function ProfileLink({ id, className = 'link', children, isInRow = false }: ProfileLinkProps) {
  return (
    <Link
      className={className}
      {...profileRoute(id)}
      {...(isInRow && { tabIndex: -1 })}
      onClick={(event) => {
        event.stopPropagation()
      }}
    >
      {children}
    </Link>
  )
}
