/** Looks for a profile by any id. The id is in the body of the request, so that no address and no log has it. */
import { answered, api } from './client.ts'
import type { ExternalId } from './answers.ts'

export interface FoundProfile {
  /** `use_…` or `acc_…`, which says nothing about the person. */
  readonly id: string
  readonly collection: 'users' | 'accounts'
  readonly externalIds: readonly ExternalId[]
}

interface SearchAnswer {
  readonly data: readonly { readonly id: string; readonly external_ids: readonly ExternalId[] }[]
}

/** Lists users, then accounts, that have this id of any type. */
export async function findProfile(spaceId: string, id: string): Promise<FoundProfile[]> {
  const of = async (collection: 'users' | 'accounts'): Promise<FoundProfile[]> => {
    const path = { space: spaceId, collection }
    const asked = api.POST('/v1/spaces/{space}/collections/{collection}/profiles/search', {
      params: { path },
      body: { id: id.trim() },
    })
    const { data } = await answered<SearchAnswer>(asked)
    return data.map((found) => ({ id: found.id, collection, externalIds: found.external_ids }))
  }
  return (await Promise.all([of('users'), of('accounts')])).flat()
}
