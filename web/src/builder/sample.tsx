/** Some of those who are in a draft, each with the reason, and anybody else by any id. */
import { useState } from 'react'
import type { PreviewAnswer, SampleMember } from '../api/answers.ts'
import { minute, nameOfProfile } from '../parts/format.ts'
import { CheckPerson } from './check-person.tsx'
import { useBuilder } from './context.ts'
import { whyIn } from './explained.ts'

const SHOWN_MEMBERS = 5

export function Sample({ answer, query }: { readonly answer: PreviewAnswer; readonly query: string }) {
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
      <CheckPerson query={query} ask={whyIn} />
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
          <span className="w">{whenOf(member)}</span>
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

/** Says which events made a member match, and until when it is one. */
function whenOf({ because = [], until }: SampleMember): string {
  const ends = until ? `until ${minute(until)}` : 'until something happens'
  const newest = because
    .map(({ ts }) => ts)
    .sort()
    .at(-1)
  if (newest === undefined) return ends
  return `${because.length === 1 ? 'event' : `${because.length} events, last`} ${minute(newest)} · ${ends}`
}

function initialsOf(name: string): string {
  const words = name.split(/[\s.@_-]+/).filter((word) => /^\p{L}/u.test(word))
  return ((words[0]?.[0] ?? name[0] ?? '') + (words[1]?.[0] ?? '')).toUpperCase()
}

/** Asks for the explanation of a draft about somebody, in words. */
function useWhy(query: string): [string | undefined, (profile: string) => Promise<void>] {
  const { spaceId, type } = useBuilder()
  const [words, show] = useState<string>()
  const explain = async (profile: string): Promise<void> => {
    if (words === undefined) show(await whyIn({ spaceId, type, query, profile }))
    else show(undefined)
  }
  return [words, explain]
}
