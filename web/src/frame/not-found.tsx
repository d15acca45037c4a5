import { Link } from '@tanstack/react-router'
import { Empty } from '../parts/states.tsx'
import { Page } from './page.tsx'

export function NotFound() {
  return (
    <Page title="Not found">
      <Empty title="There is no such page.">
        <Link className="link" to="/">
          Go to the audiences
        </Link>
      </Empty>
    </Page>
  )
}
