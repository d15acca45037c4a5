/**
 * The builder: a definition as sentences and as text, with the answer beside it, from the first choice until it is saved.
 */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useBlocker, useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, type ReactNode, useState } from 'react'
import { layOutQuery } from '../../../src/language/lay-out.ts'
import type { Condition, Query } from '../../../src/language/tree.ts'
import type { AudienceAnswer, ConditionCount } from '../api/answers.ts'
import { answeredData, api } from '../api/client.ts'
import { useMay, useSpaceId } from '../api/session.ts'
import { Page } from '../frame/page.tsx'
import { count } from '../parts/format.ts'
import { Segmented } from '../parts/segmented.tsx'
import './builder.css'
import { AddRow } from './add-row.tsx'
import { BuilderContext } from './context.ts'
import { Cut } from './cut.tsx'
import { GroupView } from './group-view.tsx'
import { conditionOf, type Group, groupsOf, replaced } from './model/groups.ts'
import { boundsOf, PreviewPane } from './preview-pane.tsx'
import { TextPane } from './text-pane.tsx'
import { editedOf, useDefinition } from './use-definition.ts'
import { type Preview, usePreview } from './use-preview.ts'

export interface DefinitionEditorProps {
  /** Undefined: a new one is made. */
  readonly audience?: AudienceAnswer
  /** Above the definition: tabs of an audience that is there. */
  readonly tabs?: ReactNode
}

type Of = 'USERS' | 'ACCOUNTS'
type View = 'form' | 'both' | 'text'

const CONDITIONS_MAX = 50
const OVERLAP_MAX = 8

export function DefinitionEditor({ audience, tabs }: DefinitionEditorProps) {
  const spaceId = useSpaceId()
  const isEditable = useMay('editor')
  const [type, setType] = useState<Of>(audience?.audienceType ?? 'USERS')
  const [name, setName] = useState(audience?.name ?? '')
  const [view, setView] = useState<View>('both')
  const [cursor, setCursor] = useState<number>()
  const [compared, setCompared] = useState<readonly string[]>([])
  const saved = laidOut(audience?.definition.query ?? '', audience?.audienceType ?? 'USERS')
  const editing = useDefinition(saved, { kind: 'audience', type })
  const { edited, setText, setQuery } = editing
  const condition = edited.query?.kind === 'audience' ? edited.query.condition : undefined
  const groups = condition ? groupsOf(condition) : []
  const preview = usePreview(
    edited.query && !edited.fault
      ? { spaceId, query: edited.text, audienceType: type, audienceId: audience?.id, overlapWith: compared }
      : undefined,
  )
  const isChanged = name !== (audience?.name ?? '') || !isSame(edited.text, saved, edited.query)
  const save = useSave({ spaceId, audience, name, type, query: edited.text, saved })
  const isReady = isEditable && isChanged && !edited.fault && edited.query !== undefined && name.trim() !== ''
  useBlocker({
    shouldBlockFn: () => isChanged && !save.isSuccess && !confirm('Leave without saving?'),
    enableBeforeUnload: () => isChanged && !save.isSuccess,
  })
  const setGroups = (changed: readonly Group[]): void => {
    const whole = conditionOf(changed)
    setQuery(whole && { kind: 'audience', condition: whole })
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const isCommand = event.metaKey || event.ctrlKey
    const isInField = event.target instanceof HTMLElement && /^(INPUT|TEXTAREA)$/.test(event.target.tagName)
    if (isCommand && event.key === 'Enter' && isReady) save.mutate()
    else if (isCommand && event.key === '\\') setView(VIEWS[(VIEWS.indexOf(view) + 1) % VIEWS.length]!)
    else if (isCommand && event.key.toLowerCase() === 'z' && !isInField)
      (event.shiftKey ? editing.redo : editing.undo)()
    else return
    // Slots take Enter by themselves.
    event.stopPropagation()
    event.preventDefault()
  }
  const marked = markedRow(groups, edited.places, cursor)
  const counts = countsOf(preview, edited.text)
  const difference = preview.isOld || edited.text === saved ? undefined : preview.answer?.difference
  return (
    <BuilderContext value={{ spaceId, type, isEditable }}>
      <Page
        title={audience ? 'Audience' : 'New audience'}
        parent={{ to: '/', text: 'Audiences' }}
        isOwnLayout
        note={isChanged && <span className="chip warn">unsaved</span>}
        actions={
          isEditable && (
            <>
              {isChanged && (
                <button
                  type="button"
                  className="btn quiet hide-s"
                  onClick={() => {
                    setName(audience?.name ?? '')
                    editing.reset(saved)
                  }}
                >
                  Discard
                </button>
              )}
              <button
                type="button"
                className="btn pri"
                disabled={!isReady || save.isPending}
                onClick={() => {
                  save.mutate()
                }}
              >
                {audience ? 'Save' : 'Create audience'}
                {audience && difference && (
                  <span className="hide-s">
                    {boundsOf(difference.enter)} enter, {boundsOf(difference.leave)} leave
                  </span>
                )}
              </button>
            </>
          )
        }
      >
        <div className="build" onKeyDownCapture={onKeyDown}>
          <main className="left">
            <div className="ttl">
              <Name name={name} isEditable={isEditable} onChange={setName} />
              <span className="grow" />
              <Segmented<Of>
                label="Of"
                choices={OF.filter(({ id }) => !audience || id === type)}
                value={type}
                onChange={(changed) => {
                  setType(changed)
                  editing.reset('', { kind: 'audience', type: changed })
                }}
              />
              <Segmented<View> className="hide-s" label="View" choices={VIEW_CHOICES} value={view} onChange={setView} />
            </div>
            {tabs}
            {save.error && (
              <p className="problem" role="alert">
                {save.error.message}
              </p>
            )}
            {view !== 'text' && (
              <div className={edited.fault ? 'form dimmed' : 'form'} inert={edited.fault !== undefined}>
                {groups.length === 0 && <FirstRow type={type} setGroups={setGroups} />}
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
                      <Cut
                        found={foundOf(row, group, groups, edited.places, counts)}
                        all={counts}
                        isNegated={group.isNegated}
                      />
                    )}
                    isMarked={(row) => row === marked?.row}
                  />
                ))}
                {groups.length > 0 && isEditable && <AddGroups groups={groups} setGroups={setGroups} />}
              </div>
            )}
            {(view !== 'form' || edited.fault) && (
              <TextPane
                edited={edited}
                isEditable={isEditable}
                marked={marked?.place}
                onText={setText}
                onCursor={setCursor}
                note={noteOf(edited.query)}
              />
            )}
          </main>
          <PreviewPane
            preview={preview}
            isNew={audience === undefined || edited.text === saved}
            emptyHint={emptyHintOf(preview, edited.text)}
            query={edited.text}
            compared={compared}
            onCompare={(id) => {
              setCompared([...compared, id].slice(-OVERLAP_MAX))
            }}
          />
          <Sheet preview={preview} isChanged={edited.text !== saved} />
        </div>
      </Page>
    </BuilderContext>
  )
}

const OF = [
  { id: 'USERS', text: 'Users' },
  { id: 'ACCOUNTS', text: 'Accounts' },
] as const
const VIEWS = ['form', 'both', 'text'] as const
const VIEW_CHOICES = [
  { id: 'form', text: 'Form' },
  { id: 'both', text: 'Both' },
  { id: 'text', text: 'Text' },
] as const

/** Returns a query as a person would lay it out; as it is, if it does not read. */
function laidOut(query: string, type: Of): string {
  const { query: read, fault } = editedOf(query, { kind: 'audience', type })
  return read && !fault ? layOutQuery(read) : query
}

/** True if a text says what is saved, however it is laid out. */
function isSame(text: string, saved: string, query: Query | undefined): boolean {
  if (text === saved) return true
  return query !== undefined && saved !== '' && layOutQuery(query) === saved
}

interface SaveOptions {
  readonly spaceId: string
  readonly audience: AudienceAnswer | undefined
  readonly name: string
  readonly type: Of
  readonly query: string
  /** The query as it was shown first. */
  readonly saved: string
}

/** Saves the definition, and goes to the audience that is made. */
function useSave({ spaceId, audience, name, type, query, saved }: SaveOptions) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  return useMutation({
    mutationFn: () => {
      const definition = { query }
      const isSaved = query === saved
      return audience
        ? answeredData<{ audience: AudienceAnswer }>(
            api.PATCH('/spaces/{spaceId}/audiences/{id}', {
              params: { path: { spaceId, id: audience.id }, query: { ifUpdatedAt: audience.updatedAt } },
              body: { name, ...(!isSaved && { definition }) },
            }),
          )
        : answeredData<{ audience: AudienceAnswer }>(
            api.POST('/spaces/{spaceId}/audiences', {
              params: { path: { spaceId } },
              body: { name, audienceType: type, definition },
            }),
          )
    },
    onSuccess: async (answer) => {
      await queries.invalidateQueries()
      if (!audience)
        await navigate({
          to: '/audiences/$audienceId',
          params: { audienceId: answer.audience.id },
          ignoreBlocker: true,
        })
    },
  })
}

interface NameProps {
  readonly name: string
  readonly isEditable: boolean
  readonly onChange: (name: string) => void
}

function Name({ name, isEditable, onChange }: NameProps) {
  if (!isEditable) return <h1>{name}</h1>
  return (
    <h1 className="name">
      <input
        aria-label="Name of the audience"
        placeholder="Name of the audience"
        maxLength={255}
        value={name}
        size={Math.max(18, name.length)}
        onChange={({ target }) => {
          onChange(target.value)
        }}
      />
    </h1>
  )
}

interface GroupsProps {
  readonly groups: readonly Group[]
  readonly setGroups: (groups: readonly Group[]) => void
}

function FirstRow({ type, setGroups }: Pick<GroupsProps, 'setGroups'> & { readonly type: Of }) {
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

type Places = ReadonlyMap<Condition, { readonly start: number; readonly end: number }>

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

/** Returns what each condition cuts, if the preview is of this very text. */
function countsOf({ answer, query, isOld }: Preview, text: string): readonly ConditionCount[] {
  return isOld || query !== text ? [] : (answer?.conditions ?? [])
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
function emptyHintOf({ answer, query, isOld }: Preview, text: string): string | undefined {
  if (isOld || query !== text || answer?.size?.count !== 0) return undefined
  const most = (answer.conditions ?? []).reduce<ConditionCount | undefined>(
    (best, each) => (best && best.without >= each.without ? best : each),
    undefined,
  )
  if (!most || most.without === 0) return undefined
  const place = (answer.conditions ?? []).indexOf(most) + 1
  return `Without condition ${place} there would be ${count(most.without)}.`
}

function noteOf(query: Query | undefined): string {
  if (query === undefined) return 'Write a query, or choose a condition above.'
  return `Reads as above. ${comparisonsIn(query)} of ${CONDITIONS_MAX} conditions.`
}

/** Counts the comparisons of a tree, those inside a `where` too. */
function comparisonsIn(tree: unknown): number {
  if (typeof tree !== 'object' || tree === null) return 0
  const own = 'kind' in tree && tree.kind === 'comparison' ? 1 : 0
  return Object.values(tree).reduce<number>((sum, part) => sum + comparisonsIn(part), own)
}

/** On a phone: what matters most, always in sight. */
function Sheet({ preview: { answer }, isChanged }: { readonly preview: Preview; readonly isChanged: boolean }) {
  if (!answer) return null
  const { size, estimate, difference } = answer
  return (
    <div className="sheet" aria-hidden="true">
      <div className="size">
        <b>{size ? count(size.count) : estimate ? `${count(estimate.low)} – ${count(estimate.high)}` : '…'}</b>
        <span>{size ? 'exact' : 'being counted'}</span>
      </div>
      {difference && isChanged && (
        <p className="dim">
          {boundsOf(difference.enter)} enter, {boundsOf(difference.leave)} leave
        </p>
      )}
    </div>
  )
}
