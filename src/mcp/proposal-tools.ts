/** Tools that make and change audiences: `propose_audience`, `get_proposal`, `save_audience`. */
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { EngineError } from '../model/errors.ts'
import { withParameters } from './api.ts'
import { Audience, definitionText, findAudience, ofAudience, referencesOf } from './definitions.ts'
import {
  awaitPreview,
  cancelPreview,
  changeText,
  deliveriesText,
  type Movement,
  movementOf,
  movementText,
  type ShownPreview,
  sizeText,
  startDryRun,
  startPreview,
} from './previews.ts'
import { type Proposal, type ProposalRequest, Proposals } from './proposals.ts'
import { addTool, type ToolAnswer, type ToolSetting } from './tool.ts'
import { lines, people } from './text.ts'

const ProposeInput = z.strictObject({
  audience: z
    .string()
    .min(1)
    .optional()
    .describe('The key or id of the audience to change; a new one is made without it.'),
  name: z.string().min(1).max(255).optional().describe('Its name; a new one needs it.'),
  key: z.string().optional().describe('Of a new one, for good: letters, digits and _; made from the name by default.'),
  type: z.enum(['USERS', 'ACCOUNTS']).optional().describe('Of a new one, for good: USERS by default.'),
  description: z.string().optional(),
  query: z.string().optional().describe("In the query language, as in event('Order Completed').count() >= 1"),
  include_anonymous_users: z.boolean().optional().describe('An anonymous_id is enough to be a member.'),
  filter_by_external_ids: z.array(z.string()).optional().describe('The types of id of which a member needs one.'),
})
const ProposalInput = z.strictObject({
  proposal_id: z.string().describe('The id that propose_audience has answered with.'),
})
const Saved = z.object({ audience: Audience })

export function addProposalTools(server: McpServer, setting: ToolSetting): void {
  const { api, clock } = setting
  const proposals = new Proposals(clock)

  const show = async (proposal: Proposal, signal: AbortSignal): Promise<ToolAnswer> => {
    const { id, previewId } = proposal
    const preview = await awaitPreview(setting, previewId, signal)
    if (preview.status !== 'COMPLETED') return unfinished(proposal, preview)
    const answer = await exactAnswer(proposal, preview, setting)
    signal.throwIfAborted()
    proposals.show(id, answer)
    await cancelPreview(setting, previewId)
    return answer
  }

  addTool(server, {
    name: 'propose_audience',
    title: 'Propose an audience or a change of one',
    description:
      'Computes who would enter and who would leave if an audience were made, or changed, and what destinations would ' +
      'be sent. It saves nothing: show the answer to the person who asks, and save it with save_audience only after ' +
      'that person has agreed. A change keeps what it does not name.',
    input: ProposeInput,
    answer: async (input, signal) => {
      const proposal = proposals.add(await (input.audience === undefined ? newAudience : changeOf)(input, setting))
      try {
        return await show(proposal, signal)
      } catch (error) {
        await cancelPreview(setting, proposal.previewId)
        throw error
      }
    },
  })
  addTool(server, {
    name: 'get_proposal',
    title: 'Show a proposal',
    description: 'Shows a proposal again; one that was not exact yet is waited for.',
    input: ProposalInput,
    answer: async ({ proposal_id }, signal) => {
      const { proposal, shown } = proposals.find(proposal_id)
      return shown ?? show(proposal, signal)
    },
  })
  addTool(server, {
    name: 'save_audience',
    title: 'Save a proposed audience',
    description:
      'Makes or changes an audience, exactly as propose_audience has shown it. Members enter and leave at once, and ' +
      'destinations are told. It is refused if the proposal is older than 15 minutes, or if somebody has changed the ' +
      'audience since.',
    input: ProposalInput,
    changes: true,
    answer: async ({ proposal_id }) => {
      const saved = await proposals.save(proposal_id, ({ method, path, body }) => api.control(method, path, body))
      const audience = ofAudience(Saved.parse(saved).audience)
      return { text: lines('Saved:', definitionText(audience), `id ${audience.id}`), data: { audience } }
    },
  })
}

type ProposeInput = z.infer<typeof ProposeInput>
type Made = Omit<Proposal, 'id'>

/** Returns the fields that are given, as the API names them. */
function bodyOf(input: ProposeInput): Record<string, unknown> {
  const { name, key, type, description, query, include_anonymous_users, filter_by_external_ids } = input
  const options = given({ includeAnonymousUsers: include_anonymous_users, filterByExternalIds: filter_by_external_ids })
  return given({
    name,
    key,
    audienceType: type,
    description,
    definition: query === undefined ? undefined : { query },
    options: Object.keys(options).length === 0 ? undefined : options,
  })
}

function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

async function newAudience(input: ProposeInput, setting: ToolSetting): Promise<Made> {
  const { name } = input
  if (name === undefined)
    throw new EngineError('validation_error', 'name: expected one, as the audience is new', 'name')
  const body = bodyOf(input)
  const previewId = await startPreview(setting, body)
  const request: ProposalRequest = { method: 'POST', path: 'audiences', body }
  return { title: `new audience ${name}`, request, previewId, readers: [] }
}

async function changeOf(input: ProposeInput, setting: ToolSetting): Promise<Made> {
  const body = bodyOf(input)
  if (Object.keys(body).length === 0)
    throw new EngineError('validation_error', 'query: expected a change of it, or of another field', 'query')
  const { id, key, updatedAt: ifUpdatedAt } = await findAudience(setting.api, input.audience ?? '')
  const previewId = await startDryRun(setting, { id, ifUpdatedAt, body })
  const request: ProposalRequest = {
    method: 'PATCH',
    path: withParameters(`audiences/${id}`, { ifUpdatedAt }),
    body,
  }
  const readers = (await referencesOf(setting.api, id)).flatMap((reference) => reference.key ?? [])
  return { title: `change of audience ${key}`, request, previewId, readers }
}

function unfinished({ id, title, request }: Proposal, preview: ShownPreview): ToolAnswer {
  const text = lines(
    `Proposal ${id}: ${title}. It is not exact yet, and cannot be saved.`,
    sizeText(preview),
    'get_proposal waits for it.',
  )
  return { text, data: { proposalId: id, exact: false, request, progress: preview.progress } }
}

async function exactAnswer(proposal: Proposal, preview: ShownPreview, setting: ToolSetting): Promise<ToolAnswer> {
  const { id, title, request, readers } = proposal
  const { audienceType: type, size, asOf, deliveries } = preview
  const isNew = request.method === 'POST'
  // Of a disabled audience there is no difference: nobody is in it.
  const movement: Movement | undefined = isNew
    ? { entering: preview.sample, leaving: [] }
    : preview.difference && (await movementOf(setting, preview.id))
  const { enter = 0, leave = 0 } = isNew ? { enter: size?.count ?? 0 } : (preview.difference ?? {})
  const text = lines(
    `Proposal ${id}: ${title}.`,
    `It would be saved with ${JSON.stringify(request.body)}`,
    `It would have ${sizeText(preview)}.`,
    movement
      ? `${changeText(enter, type)} would enter, ${changeText(leave, type)} would leave.`
      : `It is disabled: nobody enters or leaves until it is enabled; then it would have ${people(size?.count ?? 0, type)}.`,
    movement && movementText(movement),
    deliveriesText(preview),
    readers.length > 0 && `Others read it, and may change too: ${readers.join(', ')}.`,
    'Nothing is saved yet. save_audience saves it within 15 minutes, after the person who asks has agreed.',
  )
  return {
    text,
    data: {
      proposalId: id,
      exact: true,
      request,
      asOf,
      size: size?.count,
      enter,
      leave,
      ...movement,
      deliveries,
      readers,
    },
  }
}
