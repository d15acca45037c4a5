/** The console's beginning: styles, then the application. */
import '@fontsource-variable/hanken-grotesk/wght.css'
import './style/tokens.css'
import './style/console.css'
import './style/parts.css'
import { createRoot } from 'react-dom/client'
import { Console } from './app/console.tsx'

createRoot(document.getElementById('console')!).render(<Console />)
