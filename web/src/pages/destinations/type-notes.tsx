/** All that a type asks for before it works, in a sentence each. */
import type { WholeTypeAnswer } from './answers.ts'

export function TypeNotes({ type }: { readonly type: WholeTypeAnswer }) {
  const notes = notesOf(type)
  return (
    <div className="notes">
      {type.description && <p className="mut">{type.description}</p>}
      {notes.map((note) => (
        <p className="mut" key={note}>
          {note}
        </p>
      ))}
    </div>
  )
}

function notesOf({
  needs,
  canAuthorize,
  environment = [],
  installed,
  origin,
  availability,
  reason,
}: WholeTypeAnswer): string[] {
  const notes: string[] = []
  if (availability === 'off') notes.push(`None can be made: ${reason ?? 'it is off'}.`)
  if (needs === 'oauth_app')
    notes.push(
      canAuthorize
        ? 'It lets in an app that you make at the tool: give its client id and secret, then authorize it once it is added.'
        : 'It lets in an app that you make at the tool: give its client id and secret, and its tokens.',
    )
  if (needs === 'partner_secret')
    notes.push(`It asks for secrets that the tool gives to its partners: ${environment.join(', ')}.`)
  if (origin === 'catalogue' && !installed)
    notes.push(
      'The definitions of tools are not installed on the server: deliveries wait until they are (npm run catalogue).',
    )
  return notes
}
