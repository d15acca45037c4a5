import { Page } from '../../app/page.tsx'

export function DestinationsPage() {
  return <Page title="DestinationsPage">{null}</Page>
}
