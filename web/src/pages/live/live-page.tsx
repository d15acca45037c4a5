import { Page } from '../../app/page.tsx'

export function LivePage() {
  return <Page title="LivePage">{null}</Page>
}
