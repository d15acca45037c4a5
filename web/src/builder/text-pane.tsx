/** The definition as text, beside its sentences: the editor is loaded when it is first shown. */
import { Check, Copy, TriangleAlert } from 'lucide-react'
import { lazy, Suspense } from 'react'
import type { Edited } from './use-definition.ts'

const TextEditor = lazy(() => import('./text-editor.tsx'))

export interface TextPaneProps {
  readonly edited: Edited
  readonly isEditable: boolean
  /** The place that is being looked at in the form. */
  readonly marked: { readonly start: number; readonly end: number } | undefined
  readonly onText: (text: string) => void
  readonly onCursor: ((offset: number) => void) | undefined
  /** Says how many of the conditions that a query may have are used. */
  readonly note: string
}

export function TextPane({ edited, isEditable, marked, onText, onCursor, note }: TextPaneProps) {
  const { text, fault } = edited
  return (
    <section className="text" aria-label="Text">
      <div className="hd">
        <h2>Text</h2>
        <span className="dim">the same definition; edit either</span>
        <span className="grow" />
        <button
          type="button"
          className="btn quiet sm"
          onClick={() => {
            void navigator.clipboard.writeText(text)
          }}
        >
          <Copy className="i s" aria-hidden="true" />
          Copy
        </button>
      </div>
      <Suspense fallback={<pre className="mono pad">{text}</pre>}>
        <TextEditor
          text={text}
          isEditable={isEditable}
          marked={marked}
          faultAt={fault?.offset}
          onText={onText}
          onCursor={onCursor}
        />
      </Suspense>
      <div className={fault ? 'msg bad' : 'msg'} role="status">
        {fault ? <TriangleAlert className="i s" aria-hidden="true" /> : <Check className="i s" aria-hidden="true" />}
        {fault ? fault.message : note}
      </div>
    </section>
  )
}
