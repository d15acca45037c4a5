/** Names and values as calls have had them lately: what slots offer. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import type { DefinitionType } from '../../../src/model/definition.ts'
import { answeredData, api } from '../api/client.ts'
import type { AudienceAnswer, ComputedTraitAnswer, ObservedEvent, ObservedField } from '../api/answers.ts'
import { count, share } from '../parts/format.ts'
import { useBuilder } from './context.ts'
import type { Choice } from '../parts/choices.tsx'

const PERCENT_ALWAYS = 0.995
const NAMES_MAX = 200

export interface Offered<Of> {
  readonly list: readonly Of[]
  readonly isLoading: boolean
}

/** Events, the most frequent first. */
export function useEvents(): Offered<Choice> {
  const { spaceId } = useBuilder()
  const { data, isPending } = useQuery({
    queryKey: ['observed events', spaceId],
    queryFn: () =>
      answeredData<{ events: ObservedEvent[] }>(
        api.GET('/spaces/{spaceId}/observed/events', {
          params: { path: { spaceId }, query: { limit: String(NAMES_MAX) } },
        }),
      ),
    staleTime: 30_000,
  })
  const sorted = [...(data?.events ?? [])].sort((a, b) => b.count24h - a.count24h)
  const list = sorted.map(({ name, count24h }) => ({ id: name, text: name, note: `${count(count24h)} in 24 hours` }))
  return { list, isLoading: isPending }
}

/** Properties of an event, those that are there most often first. */
export function useProperties(event: string): Offered<ObservedField> {
  const { spaceId } = useBuilder()
  const { data = [], isPending } = useQuery(propertiesQuery(spaceId, event))
  return { list: data, isLoading: isPending }
}

/** Asks for the properties of an event, those that are there most often first. */
export function propertiesQuery(spaceId: string, event: string) {
  return queryOptions({
    queryKey: ['observed properties', spaceId, event],
    queryFn: async () => {
      const params = { path: { spaceId, name: event } }
      const asked = api.GET('/spaces/{spaceId}/observed/events/{name}/properties', { params })
      const { properties } = await answeredData<{ properties: ObservedField[] }>(asked)
      return [...properties].sort((a, b) => b.present - a.present)
    },
    staleTime: 30_000,
  })
}

/** Custom traits of users, or of accounts. */
export function useTraits(): Offered<ObservedField> {
  const { spaceId, type } = useBuilder()
  const collection = type === 'USERS' ? 'users' : 'accounts'
  const { data, isPending } = useQuery({
    queryKey: ['observed traits', spaceId, collection],
    queryFn: () =>
      answeredData<{ traits: ObservedField[] }>(
        api.GET('/spaces/{spaceId}/observed/traits', { params: { path: { spaceId }, query: { collection } } }),
      ),
    staleTime: 30_000,
  })
  return { list: data?.traits ?? [], isLoading: isPending }
}

/** Sources by their names. */
export function useSources(): readonly Choice[] {
  const { spaceId } = useBuilder()
  const { data } = useQuery({
    queryKey: ['sources', spaceId],
    queryFn: async () => {
      const asked = api.GET('/spaces/{spaceId}/sources', { params: { path: { spaceId } } })
      return (await answeredData<{ sources: { readonly id: string; readonly name: string }[] }>(asked)).sources
    },
  })
  return (data ?? []).map(({ id, name }) => ({ id, text: name, ...(id !== name && { note: id, sought: id }) }))
}

/** A definition that others may read by its key. */
export interface Readable {
  readonly key: string
  readonly name: string
}

export function useComputedTraits(): readonly Readable[] {
  const { spaceId } = useBuilder()
  const { data } = useQuery({
    queryKey: ['computed traits to read', spaceId],
    queryFn: () =>
      answeredData<{ computedTraits: ComputedTraitAnswer[] }>(
        api.GET('/spaces/{spaceId}/computed-traits', {
          params: { path: { spaceId }, query: { 'pagination[count]': '1000' } },
        }),
      ),
  })
  return data?.computedTraits ?? []
}

export function useAudiences(): readonly AudienceAnswer[] {
  return useAudiencesOf(useBuilder().spaceId).data?.audiences ?? []
}

const COMPARED_FIRST = 2

/** Returns the ids of the largest other audiences of a type; undefined until they are known. */
export function useLargest(spaceId: string, type: DefinitionType, ownId: string | undefined): string[] | undefined {
  const { data, isError } = useAudiencesOf(spaceId)
  if (!data) return isError ? [] : undefined
  return data.audiences
    .filter(({ id, audienceType, size }) => id !== ownId && audienceType === type && size)
    .sort((a, b) => b.size!.count - a.size!.count)
    .slice(0, COMPARED_FIRST)
    .map(({ id }) => id)
}

function useAudiencesOf(spaceId: string) {
  return useQuery({
    queryKey: ['audiences to read', spaceId],
    queryFn: () =>
      answeredData<{ audiences: AudienceAnswer[] }>(
        api.GET('/spaces/{spaceId}/audiences', {
          params: { path: { spaceId }, query: { 'pagination[count]': '200' } },
        }),
      ),
  })
}

/** Returns the type that a field has most often, as comparators know it; undefined if nothing is known. */
export function typeOf(field: ObservedField | undefined): string | undefined {
  const [first] = [...(field?.types ?? [])].sort((a, b) => b.share - a.share)
  if (first?.type !== 'string') return first?.type
  const texts = (field?.values ?? []).map(({ value }) => value)
  const areDates = texts.length > 0 && texts.every((value) => /^\d{4}-\d\d-\d\d/.test(String(value)))
  return areDates ? 'date' : 'string'
}

/** Returns a field as a choice: its path, its type, and how often it is there. */
export function choiceOf(field: ObservedField): Choice {
  const words: Readonly<Record<string, string>> = { string: 'text', boolean: 'yes or no' }
  const type = typeOf(field) ?? 'unknown'
  const often = field.present >= PERCENT_ALWAYS ? 'always there' : `in ${share(field.present)}`
  return { id: field.path, text: field.path, note: `${words[type] ?? type}, ${often}` }
}

/** Lists the values of a field as choices, with their shares. */
export function valuesOf(field: ObservedField | undefined): Choice[] {
  return (field?.values ?? []).map(({ value, share: part }) => ({
    id: JSON.stringify(value),
    text: String(value),
    note: share(part),
  }))
}
