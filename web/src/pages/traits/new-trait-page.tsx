import { Page } from '../../app/page.tsx'

export function NewTraitPage() {
  return <Page title="NewTraitPage">{null}</Page>
}
