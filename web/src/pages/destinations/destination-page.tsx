import { Page } from '../../app/page.tsx'

export function DestinationPage() {
  return <Page title="DestinationPage">{null}</Page>
}
