/** The application: who is signed in decides if there is a page or the way in. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiError } from '../api/client.ts'
import { WithSession } from './with-session.tsx'
import { router } from './router.tsx'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: true,
      retry: (count, error) => count < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
})

export function Console() {
  const [client] = useState(queries)
  return (
    <QueryClientProvider client={client}>
      <WithSession>
        <RouterProvider router={router} />
      </WithSession>
    </QueryClientProvider>
  )
}
