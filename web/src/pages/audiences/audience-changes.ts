/** Changes of audiences that are made from lists and pages alike. */
import { useQueryClient } from '@tanstack/react-query'
import { answeredData, api, ApiError } from '../../api/client.ts'
import { useSpaceId } from '../../api/session.ts'
import type { AudienceAnswer } from '../../api/answers.ts'

/** A key stays taken even by what was deleted: so many names are tried for a clone. */
const NAMES_MAX = 20

export interface AudienceChange {
  readonly name?: string
  readonly description?: string
  readonly enabled?: boolean
}

/** Returns functions that change audiences. Each rejects with an ApiError if it is refused. */
export function useAudienceChanges() {
  const spaceId = useSpaceId()
  const queries = useQueryClient()
  const isRead = (): Promise<void> => queries.invalidateQueries({ queryKey: ['audiences', spaceId] })
  const path = (id: string) => ({ params: { path: { spaceId, id } } })
  return {
    change: async (id: string, change: AudienceChange): Promise<void> => {
      await answeredData(api.PATCH('/spaces/{spaceId}/audiences/{id}', { ...path(id), body: change }))
      await isRead()
    },
    remove: async (id: string): Promise<void> => {
      await answeredData(api.DELETE('/spaces/{spaceId}/audiences/{id}', path(id)))
      // A page that still shows it does not ask for it again.
      await queries.invalidateQueries({ queryKey: ['audiences', spaceId, 'all'] })
    },
    /** Changes all of them, as far as none is refused. */
    changeAll: async (ids: readonly string[], change: AudienceChange): Promise<void> => {
      try {
        for (const id of ids)
          await answeredData(api.PATCH('/spaces/{spaceId}/audiences/{id}', { ...path(id), body: change }))
      } finally {
        await isRead()
      }
    },
    /** Removes all of them in this order, as far as none is refused. */
    removeAll: async (ids: readonly string[]): Promise<void> => {
      try {
        for (const id of ids) await answeredData(api.DELETE('/spaces/{spaceId}/audiences/{id}', path(id)))
      } finally {
        await queries.invalidateQueries({ queryKey: ['audiences', spaceId, 'all'] })
      }
    },
    /** Resolves with the id of the clone. */
    clone: async (audience: AudienceAnswer): Promise<string> => {
      const id = await cloned(spaceId, audience)
      await isRead()
      return id
    },
  }
}

async function cloned(spaceId: string, audience: AudienceAnswer): Promise<string> {
  const { name, description = '', audienceType, options = {} } = audience
  const { filterByExternalIds, ...rest } = options
  const body = {
    description,
    audienceType,
    definition: { query: audience.definition.query },
    options: { ...rest, ...(filterByExternalIds && { filterByExternalIds: [...filterByExternalIds] }) },
  }
  for (let number = 1; ; number++) {
    const copy = `${name} copy${number === 1 ? '' : ` ${number}`}`
    try {
      const params = { path: { spaceId } }
      const asked = api.POST('/spaces/{spaceId}/audiences', { params, body: { ...body, name: copy } })
      return (await answeredData<{ audience: AudienceAnswer }>(asked)).audience.id
    } catch (error) {
      const isTaken = error instanceof ApiError && error.status === 409
      if (!isTaken || number === NAMES_MAX) throw error
    }
  }
}

/** The address of a file with all members. The browser's session opens it. */
export function exportAddress(
  spaceId: string,
  kind: 'audiences' | 'computed-traits',
  id: string,
  asked: Readonly<Record<string, string>> = {},
): string {
  const query = new URLSearchParams(asked).toString()
  return `/spaces/${encodeURIComponent(spaceId)}/${kind}/${encodeURIComponent(id)}/export.csv${query && `?${query}`}`
}
