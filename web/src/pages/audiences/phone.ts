/** The width below which pages have one column, as in the style sheets. */
import { useSyncExternalStore } from 'react'

const PHONE = matchMedia('(max-width: 860px)')

export function useIsPhone(): boolean {
  return useSyncExternalStore(subscribe, () => PHONE.matches)
}

function subscribe(changed: () => void): () => void {
  PHONE.addEventListener('change', changed)
  return () => {
    PHONE.removeEventListener('change', changed)
  }
}
