/** Access tokens: made with a name and a role, shown once, and revoked. */
import { useQueryClient } from '@tanstack/react-query'
import { type SyntheticEvent, useState } from 'react'
import type { Role } from '../../api/answers.ts'
import { answeredData, api } from '../../api/client.ts'
import { useSession, useSpaceId } from '../../api/session.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { dayAndClock } from '../../parts/format.ts'
import { TextRow } from '../../parts/form-row.tsx'
import { Segmented } from '../../parts/segmented.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import type { TokenAnswer } from './answers.ts'
import { Secret } from './secret.tsx'
import { useTokens } from './use-tokens.ts'

const ROLES = [
  { id: 'viewer', text: 'Viewer' },
  { id: 'editor', text: 'Editor' },
  { id: 'admin', text: 'Administrator' },
] as const
const MAY: Readonly<Record<Role, string>> = {
  viewer: 'Reads all but tokens and the audit log; searches, explains and previews.',
  editor: 'Likewise, and changes audiences, computed traits, destinations and connections.',
  admin: 'May do all: tokens, sources, retention and deletions of people, too.',
}

export function Tokens() {
  const { data, error, refetch } = useTokens()
  const { tokenId } = useSession()
  const [revoked, revoke] = useState<TokenAnswer>()
  return (
    <div className="two-columns">
      <section className="card" aria-labelledby="tokens">
        <div className="hd">
          <h2 id="tokens">Access tokens</h2>
        </div>
        {error && <Failed error={error} again={() => void refetch()} />}
        {!data && !error && <Loading rows={3} />}
        {data?.length === 0 && (
          <Empty title="Nobody has been given a token yet.">
            <p>The server’s own, by which it was set up, is not in this list.</p>
          </Empty>
        )}
        <ul>
          {data?.map((token) => (
            <li className="line" key={token.id}>
              <div className="grow">
                <div className="b trunc">{token.name === '' ? 'Without a name' : token.name}</div>
                <div className="dim">
                  {ROLES.find(({ id }) => id === token.role)?.text}, made {dayAndClock(token.createdAt)}
                  {token.id === tokenId && ' · this session’s'}
                </div>
              </div>
              <button
                className="btn sm"
                type="button"
                aria-label={`Revoke ${token.name}`}
                onClick={() => {
                  revoke(token)
                }}
              >
                Revoke
              </button>
            </li>
          ))}
        </ul>
      </section>
      <NewToken />
      <Revocation
        token={revoked}
        onClose={() => {
          revoke(undefined)
        }}
      />
    </div>
  )
}

function NewToken() {
  const spaceId = useSpaceId()
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>('viewer')
  const [made, setMade] = useState<{ readonly name: string; readonly secret: string }>()
  const [problem, setProblem] = useState<string>()
  const make = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault()
    setProblem(undefined)
    try {
      const asked = api.POST('/spaces/{spaceId}/tokens', { params: { path: { spaceId } }, body: { name, role } })
      const { token } = await answeredData<{ token: TokenAnswer & { secret: string } }>(asked)
      setMade({ name: token.name, secret: token.secret })
      setName('')
      await queries.invalidateQueries({ queryKey: ['tokens', spaceId] })
    } catch (error) {
      setProblem((error as Error).message)
    }
  }
  return (
    <section className="card boxed" aria-labelledby="new-token">
      <h2 id="new-token">New token</h2>
      {made && (
        <Secret
          label={`The token ${made.name}`}
          text={made.secret}
          onSeen={() => {
            setMade(undefined)
          }}
        />
      )}
      <form onSubmit={(event) => void make(event)}>
        <TextRow
          label="Name"
          help="Whoever has it: a person, or a program."
          problem={problem}
          value={name}
          onChange={setName}
        />
        <div className="form-row">
          <span className="label">Role</span>
          <Segmented label="Role" choices={ROLES} value={role} onChange={setRole} />
          <p className="dim">{MAY[role]}</p>
        </div>
        <button className="btn pri" type="submit" disabled={name.trim() === ''}>
          Make the token
        </button>
      </form>
    </section>
  )
}

interface RevocationProps {
  readonly token: TokenAnswer | undefined
  readonly onClose: () => void
}

function Revocation({ token, onClose }: RevocationProps) {
  const spaceId = useSpaceId()
  const queries = useQueryClient()
  const revoke = async (): Promise<void> => {
    if (!token) return
    const params = { path: { spaceId, id: token.id } }
    await answeredData(api.DELETE('/spaces/{spaceId}/tokens/{id}', { params }))
    await queries.invalidateQueries({ queryKey: ['tokens', spaceId] })
  }
  return (
    <Confirm
      isOpen={token !== undefined}
      title={`Revoke ${token?.name ?? ''}?`}
      action="Revoke token"
      onConfirm={revoke}
      onClose={onClose}
    >
      <p>Whoever uses it is refused at once. It cannot be given back; a new one can be made.</p>
    </Confirm>
  )
}
