/** Explanations of a draft about somebody, in words. */
import type { DefinitionType } from '../../../src/model/definition.ts'
import { answered, api } from '../api/client.ts'
import { findProfile } from '../api/find-profile.ts'
import { dayAndClock, nameOfProfile, valueText } from '../parts/format.ts'

export interface Asked {
  readonly spaceId: string
  readonly type: DefinitionType
  readonly query: string
  /** An id with its type: `email:a@example.com`. */
  readonly profile: string
}

interface Explanation {
  readonly value?: unknown
  readonly changesAt?: string
  readonly conditions: readonly { readonly start: number; readonly end: number; readonly holds: boolean }[]
}

const NOBODY = 'No profile has this id.'

/** Says if somebody is in the draft of an audience, naming the conditions that decide it. */
export async function whyIn(asked: Asked): Promise<string> {
  const { query, type } = asked
  const answer = await explanationOf(asked, { definition: { query }, audienceType: type })
  if (!answer) return NOBODY
  const isIn = answer.value === true
  const deciding = answer.conditions
    .filter(({ holds }) => holds === isIn)
    .map(({ start, end }) => query.slice(start, end).replace(/\s+/g, ' '))
    .map((text) => `${text} ${isIn ? 'holds' : 'does not hold'}`)
  return `${isIn ? 'In' : 'Out'}: ${deciding.join('; ')}.${changeOf(answer)}`
}

/** Says the value that somebody has of the draft of a computed trait. */
export async function valueOf(asked: Asked): Promise<string> {
  const { query, type } = asked
  const answer = await explanationOf(asked, { kind: 'computed_trait', definition: { query, type } })
  if (!answer) return NOBODY
  const { value } = answer
  return `${value === null || value === undefined ? 'No value' : valueText(value)}.${changeOf(answer)}`
}

function changeOf({ changesAt }: Explanation): string {
  return changesAt ? ` This changes at ${dayAndClock(changesAt)} by itself.` : ''
}

/** Asks about a draft; undefined if there is nobody with this id. */
async function explanationOf({ spaceId, type, profile }: Asked, body: object): Promise<Explanation | undefined> {
  const collection = type === 'USERS' ? 'users' : 'accounts'
  // An id of a person stands in no address: the profile is found by it first.
  const found = (await findProfile(spaceId, nameOfProfile(profile))).find((each) => each.collection === collection)
  if (!found) return undefined
  return answered<Explanation>(
    api.POST('/v1/spaces/{space}/collections/{collection}/profiles/{identifier}/explain', {
      params: { path: { space: spaceId, collection, identifier: found.id } },
      body: body as never,
    }),
  )
}
