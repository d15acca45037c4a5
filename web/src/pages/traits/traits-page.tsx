import { Page } from '../../app/page.tsx'

export function TraitsPage() {
  return <Page title="TraitsPage">{null}</Page>
}
