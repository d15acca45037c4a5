/**
 * The answer beside the question: how many, against what is saved, some of them, how they can be reached, where else they
 * are, and what it costs. Never a number without its kind.
 */
import { Check } from 'lucide-react'
import { type SyntheticEvent, useState } from 'react'
import type { Estimate, PreviewAnswer, SampleMember } from '../api/answers.ts'
import { findProfile } from '../api/find-profile.ts'
import { answered, api } from '../api/client.ts'
import { clockMs, count, dayAndClock, nameOfProfile, share } from '../parts/format.ts'
import { Tally } from '../parts/tally.tsx'
import { useAudiences } from './observed.ts'
import { useBuilder } from './context.ts'
import type { Preview } from './use-preview.ts'

export interface PreviewPaneProps {
  readonly preview: Preview
  /** True while there is nothing saved to hold it against, or it is what is saved. */
  readonly isNew: boolean
  readonly emptyHint: string | undefined
  readonly query: string
  readonly onCompare: (id: string) => void
  readonly compared: readonly string[]
}

export function PreviewPane({ preview, isNew, emptyHint, query, onCompare, compared }: PreviewPaneProps) {
  const { answer, isOld, error } = preview
  return (
    <aside className={isOld ? 'right old' : 'right'} aria-label="Preview" aria-busy={isOld}>
      {error && (
        <p className="pv problem" role="alert">
          {error.message}
        </p>
      )}
      {!answer && !error && (
        <div className="pv">
          <h2>In it now</h2>
          <p className="dim">Choose a condition, and the number of people stands here at once.</p>
        </div>
      )}
      {answer && (
        <>
          <Size answer={answer} isOld={isOld} emptyHint={emptyHint} />
          {!isNew && <Difference answer={answer} />}
          <Sample answer={answer} query={query} />
          <Reachable answer={answer} />
          <Overlap answer={answer} onCompare={onCompare} compared={compared} />
          <Cost answer={answer} />
        </>
      )}
    </aside>
  )
}

interface SizeProps {
  readonly answer: PreviewAnswer
  /** True while the answer is that to an older question. */
  readonly isOld: boolean
  readonly emptyHint: string | undefined
}

function Size({ answer, isOld, emptyHint }: SizeProps) {
  const { type } = useBuilder()
  const { size, estimate, asOf, recent = [] } = answer
  const unit = type === 'USERS' ? 'people' : 'accounts'
  const times = recent.map(({ at, entered, left }) => ({ at: Date.parse(at), entered, left }))
  const entered = times.reduce((sum, step) => sum + step.entered, 0)
  const left = times.reduce((sum, step) => sum + step.left, 0)
  const [from, to] = [times[0]?.at ?? 0, times.at(-1)?.at ?? 1]
  return (
    <section className="pv">
      <h2>
        In it now
        {size && asOf && !isOld && <span className="r">exact at {clockMs(asOf)}</span>}
      </h2>
      <div className="row">
        <p className="size grow" role="status">
          <b>{size ? count(size.count) : estimate ? `${count(estimate.low)} – ${count(estimate.high)}` : '…'}</b>
          <span>{unit}</span>
        </p>
        {size && !isOld ? (
          <span className="chip ok">
            <Check className="i s" aria-hidden="true" />
            exact
          </span>
        ) : (
          <span className="chip">being counted</span>
        )}
      </div>
      {estimate && <Interval estimate={estimate} exact={size?.count} />}
      {size?.count === 0 && emptyHint && <p className="hint">{emptyHint}</p>}
      {recent.length > 0 && (
        <>
          <div className="mini">
            <span className="up b">+{count(entered)}</span>
            <Tally
              strokes={times}
              from={from}
              to={to}
              width={300}
              height={30}
              label={`As it would have moved in the last 10 minutes: ${count(entered)} entered, ${count(left)} left`}
            />
            <span className="down b">−{count(left)}</span>
          </div>
          <p className="dim">as it would have moved in the last 10 minutes</p>
        </>
      )}
    </section>
  )
}

/** The interval that closes into the exact number. */
function Interval({ estimate, exact }: { readonly estimate: Estimate; readonly exact: number | undefined }) {
  const { low, high } = estimate
  const span = Math.max(1, high - low)
  const [from, to] = [Math.max(0, low - span / 2), high + span / 2]
  const x = (value: number): number => ((value - from) / (to - from)) * 260
  return (
    <div className="conv" aria-hidden="true">
      <span>95 %</span>
      <svg viewBox="0 0 260 14" preserveAspectRatio="none">
        <path
          className="ends"
          vectorEffect="non-scaling-stroke"
          d={`M${x(low)} 3V11M${x(low)} 7H${x(high)}M${x(high)} 3V11`}
        />
      </svg>
      {exact !== undefined && (
        <>
          <span>exact</span>
          <svg viewBox="0 0 260 14" preserveAspectRatio="none">
            <path className="exact" vectorEffect="non-scaling-stroke" d={`M${x(exact)} 1V13`} />
          </svg>
        </>
      )}
    </div>
  )
}

function Difference({ answer }: { readonly answer: PreviewAnswer }) {
  const { difference, deliveries } = answer
  if (!difference) return null
  const calls = (deliveries ?? []).reduce((sum, each) => sum + each.calls, 0)
  const isHeld = deliveries?.some(({ held }) => held) ?? false
  return (
    <section className="pv">
      <h2>Against what is saved</h2>
      <div className="diff">
        <div>
          <b className="up">{boundsOf(difference.enter)}</b> enter when you save
        </div>
        <div>
          <b className="down">{boundsOf(difference.leave)}</b> leave
        </div>
      </div>
      {calls > 0 && (
        <p className="hint">
          {count(calls)} calls to connected destinations{isHeld ? ', which wait for an approval.' : '.'}
        </p>
      )}
    </section>
  )
}

/** Words a number, or an interval while it is being counted. */
export function boundsOf(value: number | Estimate): string {
  return typeof value === 'number' ? count(value) : `${count(value.low)} – ${count(value.high)}`
}

const SHOWN_MEMBERS = 5

function Sample({ answer, query }: { readonly answer: PreviewAnswer; readonly query: string }) {
  const [skipped, skip] = useState(0)
  const all = answer.sample ?? []
  const shown = all.slice(skipped, skipped + SHOWN_MEMBERS)
  return (
    <section className="pv">
      <h2>
        Some of them
        {all.length > SHOWN_MEMBERS && (
          <button
            type="button"
            className="link r"
            onClick={() => {
              skip(skipped + SHOWN_MEMBERS >= all.length ? 0 : skipped + SHOWN_MEMBERS)
            }}
          >
            Show others
          </button>
        )}
      </h2>
      <ul className="ppl">
        {shown.map((member) => (
          <Member key={member.id} member={member} query={query} />
        ))}
      </ul>
      <CheckPerson query={query} />
    </section>
  )
}

/** Returns the name that is shown of a member: a trait if there is one, else its best id. */
function nameOf({ id, traits, externalIds }: SampleMember): string {
  const name = traits['name'] ?? traits['email'] ?? externalIds.find(({ type }) => type === 'email')?.value
  return typeof name === 'string' && name !== '' ? name : nameOfProfile(id)
}

function Member({ member, query }: { readonly member: SampleMember; readonly query: string }) {
  const [why, explain] = useWhy(query)
  const name = nameOf(member)
  return (
    <>
      <li>
        <span className="av" aria-hidden="true">
          {initialsOf(name)}
        </span>
        <span className="grow trunc">
          <span className="n trunc">{name}</span>
          <span className="w">{member.until ? `until ${dayAndClock(member.until)}` : 'until something happens'}</span>
        </span>
        <button
          type="button"
          className="btn sm"
          aria-label={`Why ${name} is in it`}
          aria-expanded={why !== undefined}
          onClick={() => void explain(member.id)}
        >
          why
        </button>
      </li>
      {why && <li className="why">{why}</li>}
    </>
  )
}

export function initialsOf(name: string): string {
  const words = name.split(/[\s.@_-]+/).filter((word) => /^\p{L}/u.test(word))
  return ((words[0]?.[0] ?? name[0] ?? '') + (words[1]?.[0] ?? '')).toUpperCase()
}

interface Explanation {
  readonly value: unknown
  readonly changesAt?: string
  readonly conditions: readonly { readonly start: number; readonly end: number; readonly holds: boolean }[]
}

/** Asks for the explanation of a draft about somebody, in words. */
function useWhy(query: string): [string | undefined, (profile: string) => Promise<void>] {
  const { spaceId, type } = useBuilder()
  const [words, show] = useState<string>()
  const explain = async (profile: string): Promise<void> => {
    if (words !== undefined) {
      show(undefined)
      return
    }
    show(await explained(spaceId, type, query, profile))
  }
  return [words, explain]
}

/** Words why somebody is in the draft or not, naming the conditions that decide it. */
async function explained(spaceId: string, type: 'USERS' | 'ACCOUNTS', query: string, profile: string): Promise<string> {
  const collection = type === 'USERS' ? 'users' : 'accounts'
  // An id of a person stands in no address: the profile is found by it first.
  const found = (await findProfile(spaceId, nameOfProfile(profile))).find((each) => each.collection === collection)
  if (!found) return 'No profile has this id.'
  const answer = await answered<Explanation>(
    api.POST('/v1/spaces/{space}/collections/{collection}/profiles/{identifier}/explain', {
      params: { path: { space: spaceId, collection, identifier: found.id } },
      body: { definition: { query }, audienceType: type } as never,
    }),
  )
  const isIn = answer.value === true
  const deciding = answer.conditions
    .filter(({ holds }) => holds === isIn)
    .map(({ start, end }) => query.slice(start, end))
  const until = answer.changesAt ? ` This changes at ${dayAndClock(answer.changesAt)} by itself.` : ''
  return `${isIn ? 'In' : 'Out'}: ${deciding.map((text) => `${text.replace(/\s+/g, ' ')} ${isIn ? 'holds' : 'does not hold'}`).join('; ')}.${until}`
}

function CheckPerson({ query }: { readonly query: string }) {
  const { spaceId, type } = useBuilder()
  const [id, setId] = useState('')
  const [result, show] = useState<string>()
  const check = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault()
    show(await explained(spaceId, type, query, `any:${id.trim()}`).catch((error: unknown) => (error as Error).message))
  }
  return (
    <form className="check-person" onSubmit={(event) => void check(event)}>
      <label className="vh" htmlFor="check">
        Check a person by any id
      </label>
      <input
        id="check"
        className="field"
        placeholder={type === 'USERS' ? 'Check a person by any id' : 'Check an account by its id'}
        value={id}
        onChange={({ target }) => {
          setId(target.value)
        }}
      />
      <button className="btn" type="submit" disabled={id.trim() === ''}>
        Check
      </button>
      <p role="status">{result}</p>
    </form>
  )
}

function Reachable({ answer }: { readonly answer: PreviewAnswer }) {
  const { identifiers, size } = answer
  const types = Object.entries(identifiers ?? {}).sort(([, a], [, b]) => b - a)
  if (!size || types.length === 0) return null
  return (
    <section className="pv">
      <h2>
        Reachable by <span className="r">{count(size.count)} = 100%</span>
      </h2>
      <ul className="sh">
        {types.map(([type, many]) => (
          <li key={type}>
            <span className="mono trunc">{type}</span>
            <Meter part={many / Math.max(1, size.count)} />
            <span className="num">{share(many / Math.max(1, size.count))}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Meter({ part }: { readonly part: number }) {
  return (
    <span className="meter" aria-hidden="true">
      <i style={{ width: `${Math.round(part * 1000) / 10}%` }} />
    </span>
  )
}

interface OverlapProps {
  readonly answer: PreviewAnswer
  readonly compared: readonly string[]
  readonly onCompare: (id: string) => void
}

function Overlap({ answer, compared, onCompare }: OverlapProps) {
  const audiences = useAudiences()
  const others = audiences.filter(({ id }) => !compared.includes(id))
  const size = answer.size?.count ?? 0
  return (
    <section className="pv">
      <h2>Also in</h2>
      <ul className="sh">
        {(answer.overlap ?? []).map(({ id, both }) => (
          <li key={id}>
            <span className="trunc">{audiences.find((each) => each.id === id)?.name ?? id}</span>
            <Meter part={both / Math.max(1, size)} />
            <span className="num">{count(both)}</span>
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <select
          className="field"
          aria-label="Compare with"
          value=""
          onChange={({ target }) => {
            onCompare(target.value)
          }}
        >
          <option value="">Compare with…</option>
          {others.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      )}
    </section>
  )
}

const MEGABYTE = 1024 * 1024
/** Memory, or changes by time a day, from which a definition is more than light. */
const MEDIUM = { bytes: 50 * MEGABYTE, changes: 100_000 }
const HEAVY = { bytes: 500 * MEGABYTE, changes: 5_000_000 }

function Cost({ answer }: { readonly answer: PreviewAnswer }) {
  const { cost } = answer
  if (!cost) return null
  const exceeds = ({ bytes, changes }: typeof MEDIUM): boolean =>
    cost.bytes > bytes || cost.changesByTimePerDay > changes
  const weight = exceeds(HEAVY) ? 'heavy' : exceeds(MEDIUM) ? 'medium' : 'light'
  return (
    <section className="pv">
      <h2>
        Cost <span className="r">{weight}</span>
      </h2>
      <dl className="kv flat">
        <dt>Memory</dt>
        <dd>{(cost.bytes / MEGABYTE).toFixed(1)} MB</dd>
        <dt>Changes by time alone</dt>
        <dd>about {count(Math.round(cost.changesByTimePerDay))} a day</dd>
        <dt>Needs</dt>
        <dd>{cost.historyDays === 0 ? 'no history' : `${count(cost.historyDays)} days of history`}</dd>
      </dl>
    </section>
  )
}
