/**
 * Questions about one profile, and about what its audiences and traits mean. Keys begin with `profile`, the space, the
 * collection and the segment id, so that all of a profile is refreshed at once.
 */
import { useInfiniteQuery, useQueries, useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { AudienceAnswer, ComputedTraitAnswer, Pagination } from '../../api/answers.ts'
import { answered, answeredData, api, ApiError } from '../../api/client.ts'
import { useSpaceId } from '../../api/session.ts'
import { NAME_TRAITS } from './names.ts'
import type {
  Collection,
  EventAnswer,
  Explanation,
  KeptId,
  LinkAnswer,
  Listed,
  MetadataAnswer,
  PastTransition,
  ProfileAnswer,
  TraitAnswer,
  TraitsAnswer,
} from './answers.ts'

/** A profile that is shown. */
export interface Shown {
  readonly collection: Collection
  /** `use_…` or `acc_…`. */
  readonly id: string
}

/** The values of a profile, sorted by what gives it. */
export interface HeldTraits {
  readonly all: Readonly<Record<string, TraitAnswer>>
  /** False if there are more than are read. */
  readonly isWhole: boolean
}

const TRAITS_A_PAGE = 200
const TRAIT_PAGES_MAX = 10
const IDS_A_PAGE = 100
const DEFINITIONS_A_PAGE = 200
export const EVENTS_A_PAGE = 50
const EVENTS_IN_SPAN = 100
const PRESENT_EVERY_MS = 5_000
/** Before any event that there can be. */
export const EVER = '1970-01-01T00:00:00.000Z'
/** An answer is asked for again a moment after it has turned. */
const AFTER_TURN_MS = 50
const TIMER_MS_MAX = 2 ** 31 - 1

export function profileKey(spaceId: string, { collection, id }: Shown): readonly string[] {
  return ['profile', spaceId, collection, id]
}

/** The question of whether there is such a profile. */
export function foundKey(spaceId: string, shown: Shown): readonly string[] {
  return [...profileKey(spaceId, shown), 'found']
}

function usePlace({ collection, id }: Shown) {
  const spaceId = useSpaceId()
  const path = { space: spaceId, collection, identifier: id }
  return { key: profileKey(spaceId, { collection, id }), params: { path } }
}

/** Finds a profile by its segment id, or by one that it had before it was united with another; null: there is none. */
export function useProfileOf({ collection, id }: Shown) {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: foundKey(spaceId, { collection, id }),
    queryFn: async (): Promise<ProfileAnswer | null> => {
      const { data } = await searchProfiles(spaceId, collection, { id, limit: 1 })
      return data[0] ?? null
    },
  })
}

interface Search {
  readonly id?: string
  readonly prefix?: string
  readonly limit?: number
  readonly next?: string
}

/** Searches by a body, so that no address has an id. */
export function searchProfiles(spaceId: string, collection: Collection, body: Search): Promise<Listed<ProfileAnswer>> {
  const path = { space: spaceId, collection }
  return answered<Listed<ProfileAnswer>>(
    api.POST('/v1/spaces/{space}/collections/{collection}/profiles/search', { params: { path }, body }),
  )
}

export function useTraits(shown: Shown) {
  const { key, params } = usePlace(shown)
  return useQuery({
    queryKey: [...key, 'traits'],
    queryFn: async (): Promise<HeldTraits> => {
      let all: Readonly<Record<string, TraitAnswer>> = {}
      let next: string | undefined
      for (let page = 0; page < TRAIT_PAGES_MAX; page++) {
        const query = { limit: String(TRAITS_A_PAGE), verbose: 'true', ...(next !== undefined && { next }) }
        const { traits, cursor } = await answered<TraitsAnswer>(
          api.GET('/v1/spaces/{space}/collections/{collection}/profiles/{identifier}/traits', {
            params: { ...params, query },
          }),
        )
        all = { ...all, ...traits }
        if (!cursor.has_more) return { all, isWhole: true }
        next = cursor.next
      }
      return { all, isWhole: false }
    },
  })
}

/** The traits that give a profile its name. */
export function useNameTraits({
  collection,
  id,
}: {
  readonly collection: Collection
  readonly id: string | undefined
}) {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: [...profileKey(spaceId, { collection, id: id ?? '' }), 'name'],
    queryFn: async () => {
      const path = { space: spaceId, collection, identifier: id! }
      const query = { include: NAME_TRAITS.join(','), verbose: 'true' }
      const asked = api.GET('/v1/spaces/{space}/collections/{collection}/profiles/{identifier}/traits', {
        params: { path, query },
      })
      return (await answered<TraitsAnswer>(asked)).traits
    },
    enabled: id !== undefined,
    staleTime: 60_000,
  })
}

export function useIds(shown: Shown) {
  const { key, params } = usePlace(shown)
  return useInfiniteQuery({
    queryKey: [...key, 'ids'],
    queryFn: ({ pageParam }) => {
      const query = { limit: String(IDS_A_PAGE), ...(pageParam && { next: pageParam }) }
      return answered<Listed<KeptId>>(
        api.GET('/v1/spaces/{space}/collections/{collection}/profiles/{identifier}/external_ids', {
          params: { ...params, query },
        }),
      )
    },
    initialPageParam: '',
    getNextPageParam: nextOf,
  })
}

export function useLinks(shown: Shown) {
  const { key, params } = usePlace(shown)
  return useInfiniteQuery({
    queryKey: [...key, 'links'],
    queryFn: ({ pageParam }) =>
      answered<Listed<LinkAnswer>>(
        api.GET('/v1/spaces/{space}/collections/{collection}/profiles/{identifier}/links', {
          params: { ...params, query: pageParam ? { next: pageParam } : {} },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: nextOf,
  })
}

function nextOf({ cursor }: Listed<unknown>): string | undefined {
  return cursor.has_more ? cursor.next : undefined
}

export function useMetadata(shown: Shown) {
  const { key, params } = usePlace(shown)
  return useQuery({
    queryKey: [...key, 'metadata'],
    queryFn: async () => {
      const asked = api.GET('/v1/spaces/{space}/collections/{collection}/profiles/{identifier}/metadata', { params })
      return (await answered<{ metadata: MetadataAnswer }>(asked)).metadata
    },
  })
}

export function useHistory(shown: Shown) {
  const { key, params } = usePlace(shown)
  return useQuery({
    queryKey: [...key, 'history'],
    queryFn: async () => {
      const asked = api.GET('/v1/spaces/{space}/collections/{collection}/profiles/{identifier}/history', { params })
      return (await answered<Listed<PastTransition>>(asked)).data
    },
  })
}

/** Events of all time, or those of one name, the newest first. */
export function useEvents(shown: Shown, name: string) {
  const { key, params } = usePlace(shown)
  return useInfiniteQuery({
    queryKey: [...key, 'events', name],
    queryFn: ({ pageParam }) => {
      const more = { ...(name && { include: name }), ...(pageParam && { next: pageParam }) }
      const query = { limit: String(EVENTS_A_PAGE), start: EVER, ...more }
      return answered<Listed<EventAnswer>>(
        api.GET('/v1/spaces/{space}/collections/{collection}/profiles/{identifier}/events', {
          params: { ...params, query },
        }),
      )
    },
    initialPageParam: '',
    getNextPageParam: nextOf,
  })
}

/** The newest events, of which lanes and explanations speak. */
export function useRecentEvents(shown: Shown) {
  const { key, params } = usePlace(shown)
  return useQuery({
    queryKey: [...key, 'recent events'],
    queryFn: () => {
      const query = { limit: String(EVENTS_IN_SPAN), start: EVER }
      return answered<Listed<EventAnswer>>(
        api.GET('/v1/spaces/{space}/collections/{collection}/profiles/{identifier}/events', {
          params: { ...params, query },
        }),
      )
    },
  })
}

/** Returns a mark that differs once the profile has been heard of, or is gone. */
export function usePresence(shown: Shown): string | undefined {
  const { key, params } = usePlace(shown)
  const presence = async (): Promise<string> => {
    const [{ metadata }, newest] = await Promise.all([
      answered<{ metadata: MetadataAnswer }>(
        api.GET('/v1/spaces/{space}/collections/{collection}/profiles/{identifier}/metadata', { params }),
      ),
      answered<Listed<EventAnswer>>(
        api.GET('/v1/spaces/{space}/collections/{collection}/profiles/{identifier}/events', {
          params: { ...params, query: { limit: '1' } },
        }),
      ),
    ])
    const [event] = newest.data
    return [metadata.updated_at, event?.timestamp, event?.message_id].join(' ')
  }
  const { data } = useQuery({
    queryKey: ['presence of a profile', ...key],
    queryFn: () => presence().catch(goneIfNotFound),
    refetchInterval: PRESENT_EVERY_MS,
  })
  return data
}

function goneIfNotFound(error: unknown): string {
  if (error instanceof ApiError && error.status === 404) return 'gone'
  throw error
}

function explanationQuery({ key, params }: ReturnType<typeof usePlace>, audience: string) {
  return {
    queryKey: [...key, 'explanation', audience],
    queryFn: () =>
      answered<Explanation>(
        api.GET('/v1/spaces/{space}/collections/{collection}/profiles/{identifier}/explain/{key}', {
          params: { path: { ...params.path, key: audience } },
        }),
      ),
    refetchInterval: (query: { readonly state: { readonly data: Explanation | undefined } }) =>
      untilTurn(query.state.data),
  }
}

/** Why a profile is in or out of an audience, by its key. It is asked for anew at the instant at which it turns. */
export function useExplanation(shown: Shown, audience: string) {
  return useQuery(explanationQuery(usePlace(shown), audience))
}

/** Likewise of several audiences. */
export function useExplanations(shown: Shown, audiences: readonly string[]): UseQueryResult<Explanation>[] {
  const place = usePlace(shown)
  return useQueries({ queries: audiences.map((audience) => explanationQuery(place, audience)) })
}

/** Milliseconds until something of an explanation turns by itself; false: nothing does. */
function untilTurn(explanation: Explanation | undefined): number | false {
  const instants = [explanation?.changesAt, ...(explanation?.conditions ?? []).map(({ changesAt }) => changesAt)]
  const left = instants.flatMap((at) => (at === undefined ? [] : [Date.parse(at) - Date.now()]))
  const next = Math.min(...left.filter((ms) => ms > 0))
  return next < TIMER_MS_MAX - AFTER_TURN_MS ? next + AFTER_TURN_MS : false
}

/** The audiences of the space, as many as a page has. */
export function useAudiences() {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['audiences', spaceId, 'named in a profile'],
    queryFn: () => {
      const query = { 'pagination[count]': String(DEFINITIONS_A_PAGE) }
      return answeredData<{ audiences: readonly AudienceAnswer[]; pagination: Pagination }>(
        api.GET('/spaces/{spaceId}/audiences', { params: { path: { spaceId }, query } }),
      )
    },
    staleTime: 30_000,
  })
}

/** Single audiences, by their ids. */
export function useAudiencesById(ids: readonly string[]): AudienceAnswer[] {
  const spaceId = useSpaceId()
  return useQueries({
    queries: ids.map((id) => ({
      queryKey: ['audiences', spaceId, 'single', id],
      queryFn: async () => {
        const path = { spaceId, id }
        return (
          await answeredData<{ audience: AudienceAnswer }>(
            api.GET('/spaces/{spaceId}/audiences/{id}', { params: { path } }),
          )
        ).audience
      },
      staleTime: 30_000,
    })),
    combine: (results) => results.flatMap(({ data }) => data ?? []),
  })
}

export function useComputedTraits() {
  const spaceId = useSpaceId()
  return useQuery({
    queryKey: ['computed traits', spaceId, 'named in a profile'],
    queryFn: async () => {
      const query = { 'pagination[count]': String(DEFINITIONS_A_PAGE) }
      return (
        await answeredData<{ computedTraits: readonly ComputedTraitAnswer[] }>(
          api.GET('/spaces/{spaceId}/computed-traits', { params: { path: { spaceId }, query } }),
        )
      ).computedTraits
    },
    staleTime: 30_000,
  })
}
