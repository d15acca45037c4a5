/** Light or dark: as the system has it, until one is chosen. */
import { MoonStar, Sun } from 'lucide-react'
import { useEffect, useState } from 'react'

const KEY = 'rollcall.theme'

export function ThemeButton() {
  const [theme, setTheme] = useState(() => localStorage.getItem(KEY) ?? '')
  useEffect(() => {
    if (theme === '') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = theme
  }, [theme])
  const isDark = theme === 'dark' || (theme === '' && matchMedia('(prefers-color-scheme: dark)').matches)
  const choose = (): void => {
    const next = isDark ? 'light' : 'dark'
    localStorage.setItem(KEY, next)
    setTheme(next)
  }
  return (
    <button className="btn quiet icon" type="button" onClick={choose} aria-label={isDark ? 'Use light' : 'Use dark'}>
      {isDark ? <Sun className="i" /> : <MoonStar className="i" />}
    </button>
  )
}
