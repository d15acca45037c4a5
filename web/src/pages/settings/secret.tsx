/** A secret that is shown once, to be copied. */
import { CopyButton } from '../../parts/copy-button.tsx'

export interface SecretProps {
  readonly label: string
  readonly text: string
  readonly onSeen?: () => void
}

export function Secret({ label, text, onSeen }: SecretProps) {
  return (
    <div className="shown-once" role="status">
      <p>
        <b>{label}</b>, shown this once:
      </p>
      <p className="mono">{text}</p>
      <div className="row">
        <CopyButton text={text} label="Copy" />
        {onSeen && (
          <button className="btn sm quiet" type="button" onClick={onSeen}>
            It is stored
          </button>
        )}
      </div>
    </div>
  )
}
