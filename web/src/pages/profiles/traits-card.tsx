/** The traits of a profile: those that calls have set, and the computed ones with what they mean. */
import { Link } from '@tanstack/react-router'
import { Sigma } from 'lucide-react'
import { count, day, valueText } from '../../parts/format.ts'
import { Failed, Loading } from '../../parts/states.tsx'
import type { TraitAnswer } from './answers.ts'
import { sentenceOf } from '../../words/sentence.ts'
import { type Shown, useComputedTraits, useTraits } from './profile-queries.ts'

export function TraitsCard({ shown }: { readonly shown: Shown }) {
  const { data, error, refetch } = useTraits(shown)
  const traits = Object.entries(data?.all ?? {}).filter(([, { source_id: id }]) => !id.startsWith('aud_'))
  const custom = traits.filter(([, { source_id: id }]) => !id.startsWith('tra_'))
  const computed = traits.filter(([, { source_id: id }]) => id.startsWith('tra_'))
  return (
    <section className="card" aria-label="Traits">
      <div className="hd">
        <h2>Traits</h2>
        <span className="grow" />
        {data && <span className="dim">{`${count(traits.length)}${data.isWhole ? '' : ' and more'}`}</span>}
      </div>
      {data ? (
        <>
          {traits.length === 0 && (
            <p className="dim pad">None yet: {shown.collection === 'users' ? 'identify' : 'group'} calls bring them.</p>
          )}
          <dl className="kv traits">
            {custom.map(([key, { value }]) => (
              <div key={key}>
                <dt>{key}</dt>
                <dd>{valueText(value)}</dd>
              </div>
            ))}
            {computed.map(([key, trait]) => (
              <ComputedTrait key={key} name={key} trait={trait} />
            ))}
          </dl>
        </>
      ) : error ? (
        <Failed error={error} again={() => void refetch()} />
      ) : (
        <Loading rows={3} />
      )}
    </section>
  )
}

function ComputedTrait({ name, trait }: { readonly name: string; readonly trait: TraitAnswer }) {
  const { data: definitions } = useComputedTraits()
  const definition = definitions?.find(({ id }) => id === trait.source_id)
  return (
    <div>
      <dt>
        <Link to="/traits/$traitId" params={{ traitId: trait.source_id }}>
          {name}
          <Sigma className="i s" aria-label="computed" />
        </Link>
      </dt>
      <dd>{valueText(trait.value)}</dd>
      {definition && (
        <dd className="meaning dim">
          {sentenceOf(definition.definition.query, 'computed_trait', definition.definition.type)}
          {trait.exact_since !== undefined && `; counts what came since ${day(trait.exact_since)}`}
        </dd>
      )}
    </div>
  )
}
