import { Page } from '../../app/page.tsx'

export function ProfilePage() {
  return <Page title="ProfilePage">{null}</Page>
}

export function AccountPage() {
  return <Page title="AccountPage">{null}</Page>
}
