/** Says in the demonstration space that everybody is invented, and lets it be removed. */
import { useState } from 'react'
import { useSession } from '../../api/session.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { share } from '../../parts/format.ts'
import { useDemonstration, useMayDemonstrate, useRemoveDemonstration } from './demonstration.ts'
import './first-run.css'

/** Shows nothing in other spaces, and to a session that may not remove it. */
export function DemonstrationNote() {
  const { space } = useSession()
  const mayRemove = useMayDemonstrate()
  return space.isDemonstration && mayRemove ? <Note /> : null
}

function Note() {
  const { data } = useDemonstration()
  const remove = useRemoveDemonstration()
  const [isAsked, ask] = useState(false)
  return (
    <aside className="demonstration-note" aria-label="Demonstration">
      <span>
        Everybody here is invented.
        {data?.status === 'filling' && ` Their past is still coming in: ${share(data.share ?? 0)}.`}
      </span>
      <button
        className="link"
        type="button"
        onClick={() => {
          ask(true)
        }}
      >
        Remove the demonstration
      </button>
      <Confirm
        isOpen={isAsked}
        title="Remove the demonstration?"
        action="Remove the demonstration"
        onConfirm={remove}
        onClose={() => {
          ask(false)
        }}
      >
        <p>
          Its people, their events, and all audiences, traits and destinations of this space are removed. Other spaces
          stay as they are, and you can open the shop again.
        </p>
      </Confirm>
    </aside>
  )
}
