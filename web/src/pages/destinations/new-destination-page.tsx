import { Page } from '../../app/page.tsx'

export function NewDestinationPage() {
  return <Page title="NewDestinationPage">{null}</Page>
}
