import { Page } from '../../app/page.tsx'

export function TraitPage() {
  return <Page title="TraitPage">{null}</Page>
}
