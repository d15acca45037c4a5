/** N begins something new. */
import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { isTyping } from '../../frame/keys.tsx'

export function useNewKey(to: '/audiences/new' | '/traits/new', isOn: boolean): void {
  const navigate = useNavigate()
  useEffect(() => {
    if (!isOn) return undefined
    const onKey = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'n' || isTyping(event.target)) return
      if (event.metaKey || event.ctrlKey || event.altKey) return
      event.preventDefault()
      void navigate({ to })
    }
    document.addEventListener('keydown', onKey)
    return () => {
      document.removeEventListener('keydown', onKey)
    }
  }, [isOn, navigate, to])
}
