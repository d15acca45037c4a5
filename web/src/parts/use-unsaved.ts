/** Forms that are not saved yet: whoever leaves one is asked before, once for all that are shown. */
import { useBlocker } from '@tanstack/react-router'
import { useEffect, useState } from 'react'

const unsaved = new Set<object>()

/** Tells that a form holds what is not saved. One that leads on by itself once it is saved ignores the blocker. */
export function useUnsaved(isUnsaved: boolean): void {
  const [form] = useState(() => ({}))
  useEffect(() => {
    if (!isUnsaved) return undefined
    unsaved.add(form)
    return () => void unsaved.delete(form)
  }, [form, isUnsaved])
  useBlocker({
    shouldBlockFn: () => isFirst(form) && !mayLeave(),
    enableBeforeUnload: () => isFirst(form),
  })
}

/** True if nothing would be lost, or may be: for parts of a page that give way to others without an address. */
export function mayLeave(): boolean {
  return unsaved.size === 0 || confirm('Leave without saving?')
}

function isFirst(form: object): boolean {
  const [first] = unsaved
  return first === form
}
