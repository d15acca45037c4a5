import { Page } from '../../app/page.tsx'

export function ProfilesPage() {
  return <Page title="ProfilesPage">{null}</Page>
}

export function AccountsPage() {
  return <Page title="AccountsPage">{null}</Page>
}
