/** A button that copies a text, and says so for a moment. */
import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'

const SAID_FOR_MS = 2_000

export interface CopyButtonProps {
  readonly text: string
  /** Its words: `Copy the key`. */
  readonly label: string
  /** Only the icon is seen. */
  readonly isIcon?: boolean
}

export function CopyButton({ text, label, isIcon = false }: CopyButtonProps) {
  const [state, setState] = useState<'idle' | 'copied' | 'refused'>('idle')
  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => {
      setState('idle')
    }, SAID_FOR_MS)
    return () => {
      clearTimeout(timer)
    }
  }, [state])
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setState('copied')
    } catch {
      setState('refused')
    }
  }
  const said = { idle: label, copied: 'Copied', refused: 'The browser refused' }[state]
  const Icon = state === 'copied' ? Check : Copy
  return (
    <button
      className={isIcon ? 'btn quiet icon sm' : 'btn sm'}
      type="button"
      onClick={() => void copy()}
      {...(isIcon && { 'aria-label': said, title: said })}
    >
      <Icon className="i s" aria-hidden="true" />
      {!isIcon && <span aria-live="polite">{said}</span>}
    </button>
  )
}
