/** The choice of what a file of all members has in it, and the way to the file. */
import { useState } from 'react'
import { useSpaceId } from '../../api/session.ts'
import type { AudienceAnswer } from '../../api/answers.ts'
import { exportAddress } from '../audiences/audience-changes.ts'
import { useObservedTraits } from './queries.ts'

type Format = 'formatted' | 'unformatted' | 'single'

const FORMATS: readonly { readonly format: Format; readonly text: string }[] = [
  { format: 'formatted', text: 'A column for each id and trait' },
  { format: 'unformatted', text: 'Ids and traits as JSON' },
  { format: 'single', text: 'One type of id, one value a line' },
]
const USUAL_TYPES = ['user_id', 'email']

interface CsvDownloadProps {
  readonly audience: AudienceAnswer
  /** Types of id that some members have. */
  readonly types: readonly string[]
}

export function CsvDownload({ audience: { id, audienceType }, types: seen }: CsvDownloadProps) {
  const spaceId = useSpaceId()
  const { data: names = [] } = useObservedTraits(audienceType)
  const [format, setFormat] = useState<Format>('formatted')
  const [ids, setIds] = useState<readonly string[]>([])
  const [traits, setTraits] = useState<readonly string[]>([])
  const [isHashed, setHashed] = useState(true)
  const types = [...new Set([...(audienceType === 'USERS' ? USUAL_TYPES : ['group_id']), ...seen])]
  const isSingle = format === 'single'
  const single = ids[0] ?? types[0]!
  const address = exportAddress(spaceId, 'audiences', id, {
    format,
    ...(isSingle ? { ids: single, hashed: String(isHashed) } : ids.length > 0 && { ids: ids.join(',') }),
    ...(!isSingle && traits.length > 0 && { traits: traits.join(',') }),
  })
  return (
    <section className="card csv" aria-label="Download CSV">
      <label className="csv-part">
        <span className="label">Format</span>
        <select
          className="field"
          value={format}
          onChange={({ target }) => {
            setFormat(target.value as Format)
          }}
        >
          {FORMATS.map(({ format: value, text }) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      {isSingle ? (
        <SingleId {...{ types, single, isHashed, setHashed }} choose={(type) => setIds([type])} />
      ) : (
        <>
          <Choices title="Ids" none="all" choices={types} chosen={ids} onChange={setIds} />
          <Choices title="Traits" none="none" choices={names} chosen={traits} onChange={setTraits} />
        </>
      )}
      <a className="btn pri" href={address} download>
        Download
      </a>
    </section>
  )
}

interface SingleIdProps {
  readonly types: readonly string[]
  readonly single: string
  readonly choose: (type: string) => void
  readonly isHashed: boolean
  readonly setHashed: (isHashed: boolean) => void
}

function SingleId({ types, single, choose, isHashed, setHashed }: SingleIdProps) {
  return (
    <>
      <label className="csv-part">
        <span className="label">Id</span>
        <select
          className="field"
          value={single}
          onChange={({ target }) => {
            choose(target.value)
          }}
        >
          {types.map((type) => (
            <option key={type}>{type}</option>
          ))}
        </select>
      </label>
      <label className="check">
        <input
          type="checkbox"
          checked={isHashed}
          onChange={({ target }) => {
            setHashed(target.checked)
          }}
        />
        Hashed (SHA-256)
      </label>
    </>
  )
}

interface ChoicesProps {
  readonly title: string
  /** The meaning of none chosen. */
  readonly none: string
  readonly choices: readonly string[]
  readonly chosen: readonly string[]
  readonly onChange: (chosen: readonly string[]) => void
}

function Choices({ title, none, choices, chosen, onChange }: ChoicesProps) {
  return (
    <fieldset className="csv-part">
      <legend className="label">
        {title} {chosen.length === 0 && <span className="dim">{none}</span>}
      </legend>
      {choices.map((name) => (
        <label className="check" key={name}>
          <input
            type="checkbox"
            checked={chosen.includes(name)}
            onChange={({ target }) => {
              onChange(target.checked ? [...chosen, name] : chosen.filter((one) => one !== name))
            }}
          />
          {name}
        </label>
      ))}
    </fieldset>
  )
}
