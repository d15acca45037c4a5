/** Segment's own SDK of its Public API, pointed at the server: audiences, computed traits, regulations. */
import {
  AudiencesApi,
  ComputedTraitsApi,
  CreateWorkspaceRegulationV1Input,
  DeletionAndSuppressionApi,
  PaginationInput,
  SpacesApi,
  UpdateAudienceForSpaceInput,
  UpdateComputedTraitForSpaceAlphaInput,
} from '@segment/public-api-sdk-typescript'
import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { CONFIG } from '../support/server.ts'
import { TimedServer } from '../support/timed-server.ts'

const START = Date.UTC(2026, 0, 31)
const given = new TimedServer(START)
const SPACE = CONFIG.spaceId

function client<Api extends { accessToken: string | (() => string) }>(Api: new (url: string) => Api): Api {
  const api = new Api(given.server.url)
  api.accessToken = CONFIG.accessToken
  return api
}

function page(count: number, cursor?: string): PaginationInput {
  return Object.assign(new PaginationInput(), { count, ...(cursor !== undefined && { cursor }) })
}

function disabled<Input extends { enabled?: boolean }>(input: Input): Input {
  return Object.assign(input, { enabled: false })
}

describe('audiences of the SDK', () => {
  it('are listed page by page, read, changed and removed', async () => {
    const api = client(AudiencesApi)
    const ids: string[] = []
    for (const name of ['One', 'Two', 'Three']) ids.push(await given.audience(name, "event('Order').count() >= 1"))
    const first = (await api.listAudiences(SPACE, page(2))).body.data!
    expect(first.audiences.map(({ id, key }) => [id, key])).toEqual([
      [ids[0], 'one'],
      [ids[1], 'two'],
    ])
    const { next } = first.pagination
    const second = (await api.listAudiences(SPACE, page(2, next!))).body.data!
    expect(second.audiences.map(({ name }) => name)).toEqual(['Three'])
    const { audience } = (await api.getAudience(SPACE, ids[0]!)).body.data!
    expect(audience).toMatchObject({
      id: ids[0],
      spaceId: SPACE,
      name: 'One',
      enabled: true,
      status: 'Live',
      createdAt: new Date(START).toISOString(),
    })
    const changed = (await api.updateAudienceForSpace(SPACE, ids[0]!, disabled(new UpdateAudienceForSpaceInput()))).body
      .data!
    expect(changed.audience).toMatchObject({ id: ids[0], key: 'one', enabled: false, status: 'Disabled' })
    expect((await api.removeAudienceFromSpace(SPACE, ids[0]!)).body.data).toMatchObject({ status: 'SUCCESS' })
    await expect(api.getAudience(SPACE, ids[0]!)).rejects.toMatchObject({ statusCode: 404 })
  })
})

describe('computed traits of the SDK', () => {
  it('are listed, read, changed and removed', async () => {
    const api = client(ComputedTraitsApi)
    const body = { name: 'Orders', definition: { type: 'USERS', query: "event('Order').count()" } }
    const made = await given.server.control('POST', 'computed-traits', body)
    const { id } = (made.body['data'] as { computedTrait: { id: string } }).computedTrait
    expect((await api.listComputedTraits(SPACE, page(10))).body.data!.computedTraits).toMatchObject([
      { id, key: 'orders' },
    ])
    expect((await api.getComputedTrait(SPACE, id)).body.data!.computedTrait).toMatchObject({ name: 'Orders' })
    const changed = await api.updateComputedTraitForSpace(
      SPACE,
      id,
      disabled(new UpdateComputedTraitForSpaceAlphaInput()),
    )
    expect(changed.body.data!.computedTrait).toMatchObject({ id, enabled: false })
    expect((await api.removeComputedTraitFromSpace(SPACE, id)).body.data).toMatchObject({ status: 'SUCCESS' })
  })
})

describe('regulations of the SDK', () => {
  it('are made, followed, listed and ended, and suppressed ids are listed', async () => {
    const api = client(DeletionAndSuppressionApi)
    await given.server.ingest('track', { userId: 'u1', event: 'Order' })
    const input = Object.assign(new CreateWorkspaceRegulationV1Input(), {
      regulationType: 'SUPPRESS_WITH_DELETE',
      subjectType: 'USER_ID',
      subjectIds: ['u1'],
    })
    const { regulateId } = (await api.createWorkspaceRegulation(input)).body.data!
    await eventually(async () => {
      const { regulation } = (await api.getRegulation(regulateId)).body.data!
      expect(regulation).toMatchObject({
        id: regulateId,
        overallStatus: 'FINISHED',
        createdAt: new Date(START).toISOString(),
      })
    })
    const listed = (await api.listWorkspaceRegulations(page(10), 'FINISHED', ['SUPPRESS_WITH_DELETE'])).body.data!
    expect(listed.regulations).toMatchObject([{ id: regulateId, status: 'FINISHED' }])
    const open = (await api.listWorkspaceRegulations(page(10), 'RUNNING')).body.data!
    expect(open.regulations).toEqual([])
    expect((await api.listSuppressions(page(10))).body.data!.suppressed).toEqual([
      { subjectType: 'USER_ID', subjectIds: ['u1'] },
    ])
    expect((await api.deleteRegulation(regulateId)).body.data).toMatchObject({ status: 'SUCCESS' })
    await expect(api.getRegulation(regulateId)).rejects.toMatchObject({ statusCode: 404 })
  })
})

describe('spaces of the SDK', () => {
  it('are listed and read', async () => {
    const api = client(SpacesApi)
    expect((await api.listSpaces(page(10))).body.data!.spaces).toMatchObject([{ id: SPACE, name: SPACE }])
    expect((await api.getSpace(SPACE)).body.data!.space).toMatchObject({ id: SPACE })
  })
})
