import { Page } from '../../app/page.tsx'

export function SourcePage() {
  return <Page title="SourcePage">{null}</Page>
}
