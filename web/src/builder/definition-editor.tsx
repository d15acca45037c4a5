/** The builder of audiences: groups of conditions, with the number of people beside them from the first choice on. */
import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import type { Places } from '../../../src/language/cursor.ts'
import type { Condition } from '../../../src/language/tree.ts'
import type { DefinitionType } from '../../../src/model/definition.ts'
import type { AudienceAnswer, ConditionCount, PreviewAnswer } from '../api/answers.ts'
import { answeredData, api } from '../api/client.ts'
import { useSpaceId } from '../api/session.ts'
import { count } from '../parts/format.ts'
import { AddRow } from './add-row.tsx'
import { Cut } from './cut.tsx'
import { DefinitionFrame, type FrameWords } from './definition-frame.tsx'
import { GroupView } from './group-view.tsx'
import { conditionOf, type Group, groupsOf, replaced } from './model/groups.ts'
import { boundsOf } from './bounds.ts'
import { useLargest } from './observed.ts'
import { PreviewPane } from './preview-pane.tsx'
import { Sheet } from './sheet.tsx'
import { type AudiencePreview, useAudiencePreview } from './audience-preview.ts'
import { type Draft, useDraft } from './use-draft.ts'

export interface DefinitionEditorProps {
  /** Undefined: a new one is made. */
  readonly audience?: AudienceAnswer
  /** Beside the name of an audience that is there. */
  readonly status?: ReactNode
  /** Above the definition: its tabs. */
  readonly tabs?: ReactNode
}

const WORDS: FrameWords = {
  one: 'audience',
  title: 'Audience',
  parent: { to: '/', text: 'Audiences' },
  hint: 'Write a query, or choose a condition above.',
}
const OVERLAP_MAX = 8

export function DefinitionEditor({ audience, status, tabs }: DefinitionEditorProps) {
  const spaceId = useSpaceId()
  const [cursor, setCursor] = useState<number>()
  const [chosen, choose] = useState<readonly string[]>([])
  const draft = useAudienceDraft(audience)
  const largest = useLargest(spaceId, draft.type, audience?.id)
  const compared = [...new Set([...(largest ?? []), ...chosen])].slice(-OVERLAP_MAX)
  const { edited } = draft.editing
  const condition = edited.query?.kind === 'audience' ? edited.query.condition : undefined
  const groups = condition ? groupsOf(condition) : []
  const preview = useAudiencePreview(
    edited.query &&
      largest && {
        spaceId,
        query: edited.read,
        audienceType: draft.type,
        audienceId: audience?.id,
        overlapWith: compared,
      },
  )
  const marked = markedRow(groups, edited.places, cursor)
  const isAnswered = !preview.isOld && preview.query === edited.text
  const answer = isAnswered ? preview.answer : undefined
  const difference = draft.isQueryChanged ? answer?.difference : undefined
  return (
    <DefinitionFrame
      words={WORDS}
      draft={draft}
      tabs={tabs}
      form={
        <Form
          draft={draft}
          groups={groups}
          places={edited.places}
          counts={answer?.conditions ?? []}
          marked={marked?.row}
        />
      }
      status={status}
      preview={
        <>
          <PreviewPane
            preview={preview}
            isRead={!edited.fault}
            isNew={audience === undefined || !draft.isQueryChanged}
            emptyHint={answer && emptyHintOf(answer)}
            query={edited.read}
            compared={compared}
            onCompare={(id) => {
              choose([...chosen, id].slice(-OVERLAP_MAX))
            }}
          />
          <AudienceSheet preview={preview} isRead={!edited.fault} isChanged={draft.isQueryChanged} />
        </>
      }
      saveNote={
        difference && (
          <span className="hide-s">
            {boundsOf(difference.enter)} enter, {boundsOf(difference.leave)} leave
          </span>
        )
      }
      marked={marked?.place}
      onCursor={setCursor}
    />
  )
}

/** A draft that is saved as an audience; one that is made is gone to. */
function useAudienceDraft(audience: AudienceAnswer | undefined): Draft {
  const spaceId = useSpaceId()
  const navigate = useNavigate()
  return useDraft({
    kind: 'audience',
    kept: audience && { name: audience.name, type: audience.audienceType, query: audience.definition.query },
    save: async ({ name, type, query }, isQueryChanged) => {
      const definition = { query }
      const asked = audience
        ? api.PATCH('/spaces/{spaceId}/audiences/{id}', {
            params: { path: { spaceId, id: audience.id }, query: { ifUpdatedAt: audience.updatedAt } },
            body: { name, ...(isQueryChanged && { definition }) },
          })
        : api.POST('/spaces/{spaceId}/audiences', {
            params: { path: { spaceId } },
            body: { name, audienceType: type, definition },
          })
      return (await answeredData<{ audience: AudienceAnswer }>(asked)).audience.id
    },
    onSaved: async (audienceId) => {
      if (audience) return
      await navigate({ to: '/audiences/$audienceId', params: { audienceId }, ignoreBlocker: true })
    },
  })
}

interface FormProps {
  readonly draft: Draft
  readonly groups: readonly Group[]
  readonly places: Places
  readonly counts: readonly ConditionCount[]
  /** The row in which the cursor of the text stands. */
  readonly marked: Condition | undefined
}

function Form({ draft, groups, places, counts, marked }: FormProps) {
  const setGroups = (changed: readonly Group[]): void => {
    const whole = conditionOf(changed)
    draft.editing.setQuery(whole && { kind: 'audience', condition: whole })
  }
  if (groups.length === 0) return <FirstRow type={draft.type} setGroups={setGroups} />
  return (
    <>
      {groups.map((group, index) => (
        <GroupView
          key={index}
          group={group}
          isFirst={index === 0}
          onChange={(changed) => {
            setGroups(changed ? replaced(groups, index, changed) : groups.filter((_, at) => at !== index))
          }}
          onAddGroup={(added) => {
            setGroups([...groups.slice(0, index + 1), added, ...groups.slice(index + 1)])
          }}
          cutOf={(row) => (
            <Cut found={foundOf(row, group, groups, places, counts)} all={counts} isNegated={group.isNegated} />
          )}
          isMarked={(row) => row === marked}
        />
      ))}
      {draft.isEditable && <AddGroups groups={groups} setGroups={setGroups} />}
    </>
  )
}

interface GroupsProps {
  readonly groups: readonly Group[]
  readonly setGroups: (groups: readonly Group[]) => void
}

function FirstRow({ type, setGroups }: Pick<GroupsProps, 'setGroups'> & { readonly type: DefinitionType }) {
  return (
    <section className="group">
      <div className="join">{type === 'USERS' ? 'Users who' : 'Accounts that'}</div>
      <div className="conds">
        <div className="addrow" data-sentence>
          <AddRow
            label="First condition"
            text="+ choose what they did, have or are in"
            onAdd={(row) => {
              setGroups([{ isNegated: false, quantifier: undefined, rows: [row] }])
            }}
          />
        </div>
      </div>
    </section>
  )
}

function AddGroups({ groups, setGroups }: GroupsProps) {
  const add = (isNegated: boolean) => (row: Condition) => {
    setGroups([...groups, { isNegated, quantifier: undefined, rows: [row] }])
  }
  return (
    <div className="row addgroups" data-sentence>
      <AddRow label="Add a condition that must hold too" text="+ and who" onAdd={add(false)} />
      <AddRow label="Add a condition that must not hold" text="− and not who" onAdd={add(true)} />
    </div>
  )
}

/** Finds the row in which the cursor of the text stands. */
function markedRow(groups: readonly Group[], places: Places, cursor: number | undefined) {
  if (cursor === undefined) return undefined
  for (const { rows } of groups)
    for (const row of rows) {
      const place = places.get(row)
      if (place && place.start <= cursor && cursor <= place.end) return { row, place }
    }
  return undefined
}

/** Finds the count of a row: by its own place, or by that of its group if it is the only row of it. */
function foundOf(
  row: Condition,
  { rows, isNegated }: Group,
  groups: readonly Group[],
  places: Places,
  counts: readonly ConditionCount[],
): ConditionCount | undefined {
  const place = places.get(row)
  if (!place) return undefined
  const same = counts.find(({ start, end }) => start === place.start && end === place.end)
  if (same) return same
  // A negated or quantified group counts as a whole: its place reaches around the row.
  const isAlone = rows.length === 1
  if (!isAlone && !isNegated) return undefined
  if (groups.length === 0) return undefined
  return counts.find(({ start, end }) => start <= place.start && end >= place.end)
}

/** Says which condition empties an audience that nobody is in. */
function emptyHintOf({ size, conditions = [] }: PreviewAnswer): string | undefined {
  if (size?.count !== 0) return undefined
  const most = conditions.reduce<ConditionCount | undefined>(
    (best, each) => (best && best.without >= each.without ? best : each),
    undefined,
  )
  if (!most || most.without === 0) return undefined
  return `Without condition ${conditions.indexOf(most) + 1} there would be ${count(most.without)}.`
}

interface SheetProps {
  readonly preview: AudiencePreview
  readonly isRead: boolean
  readonly isChanged: boolean
}

function AudienceSheet({ preview: { answer, isOld }, isRead, isChanged }: SheetProps) {
  if (!answer) return null
  const { size, estimate, difference } = answer
  return (
    <Sheet exact={size?.count} estimate={estimate} isOld={isOld || !isRead}>
      {difference && isChanged && `${boundsOf(difference.enter)} enter, ${boundsOf(difference.leave)} leave`}
    </Sheet>
  )
}
