/** Shows the console to whoever is signed in, in the space that was chosen last; and the way in to everybody else. */
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { answeredData, api, ApiError } from '../api/client.ts'
import type { SpaceAnswer } from '../api/answers.ts'
import { SessionContext, useSessionAnswer } from '../api/session.ts'
import { Failed, Loading } from '../parts/states.tsx'
import { SignIn } from './sign-in.tsx'

/** The id of the space that was chosen last, which says nothing about people. */
const CHOSEN = 'rollcall.space'

export function WithSession({ children }: { readonly children: ReactNode }) {
  const session = useSessionAnswer()
  const [chosen, choose] = useState(() => localStorage.getItem(CHOSEN))
  const spaces = useQuery({
    queryKey: ['spaces'],
    queryFn: async () => (await answeredData<{ spaces: SpaceAnswer[] }>(api.GET('/spaces'))).spaces,
    enabled: session.data !== undefined,
  })
  if (session.error instanceof ApiError && session.error.status === 401) return <SignIn />
  if (session.error) return <Failed error={session.error} again={() => void session.refetch()} />
  if (spaces.error instanceof ApiError && spaces.error.status === 401) return <SignIn />
  if (spaces.error) return <Failed error={spaces.error} again={() => void spaces.refetch()} />
  if (!session.data || !spaces.data) return <Loading />
  const space = spaces.data.find(({ id }) => id === chosen) ?? spaces.data[0]
  if (!space) return <Failed error={new Error('This token opens no space.')} again={() => void spaces.refetch()} />
  const chooseSpace = (id: string): void => {
    localStorage.setItem(CHOSEN, id)
    choose(id)
  }
  return (
    <SessionContext value={{ ...session.data, spaces: spaces.data, space, chooseSpace }}>{children}</SessionContext>
  )
}
