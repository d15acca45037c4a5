/** The frame of every page: the way to all others, the space, the role, and how fresh all of it is. */
import { Link, Outlet } from '@tanstack/react-router'
import {
  Activity,
  Building2,
  ChevronsUpDown,
  Radio,
  Send,
  Settings,
  ShieldCheck,
  Sigma,
  UserRound,
  UsersRound,
} from 'lucide-react'
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'
import { useFeed } from '../api/feed.ts'
import { useSession, useSigning } from '../api/session.ts'
import { count } from '../parts/format.ts'
import { Mark } from '../parts/mark.tsx'
import { Find } from './find.tsx'
import { Keys } from './keys.tsx'
import { useNavCounts } from './nav-counts.ts'

const PAGES = [
  [
    { to: '/', text: 'Audiences', Icon: UsersRound },
    { to: '/traits', text: 'Computed traits', Icon: Sigma },
    { to: '/profiles', text: 'Profiles', Icon: UserRound },
    { to: '/accounts', text: 'Accounts', Icon: Building2 },
  ],
  [
    { to: '/destinations', text: 'Destinations', Icon: Send },
    { to: '/sources', text: 'Sources', Icon: Radio },
  ],
  [
    { to: '/live', text: 'Live', Icon: Activity },
    { to: '/settings', text: 'Settings', Icon: Settings },
  ],
] as const

/** On a phone there is room for five. */
const ON_PHONE = [PAGES[0][0], PAGES[0][2], PAGES[1][0], PAGES[1][1], PAGES[2][0]]
const FRESHNESS = { connecting: 'Connecting…', live: 'Up to date', broken: 'Not connected; trying again' } as const
const ROLES = { viewer: 'Viewer access', editor: 'Editor access', admin: 'Administrator access' } as const

export function Shell() {
  const { role, space } = useSession()
  const { state } = useFeed(space.id)
  const counts = useNavCounts(space.id)
  return (
    <div className="app" key={space.id}>
      <nav className="side" aria-label="Main">
        <div>
          <Link className="brand" to="/">
            <Mark />
            Rollcall
          </Link>
          <SpaceMenu />
          {PAGES.map((block, index) => (
            <div className="block" key={index}>
              {block.map(({ to, text, Icon }) => (
                <Link key={to} to={to} activeOptions={{ exact: to === '/' }} activeProps={{ 'aria-current': 'page' }}>
                  <Icon className="i" aria-hidden="true" />
                  {text}
                  <span className="n">{counts?.[to] === undefined ? '' : count(counts[to])}</span>
                </Link>
              ))}
            </div>
          ))}
          <div className="foot">
            <div className="row">
              <ShieldCheck className="i s" aria-hidden="true" />
              <span className="grow">{ROLES[role]}</span>
            </div>
            <div className="row">
              <span className={state === 'live' ? 'st' : 'st off'} role="status">
                {FRESHNESS[state]}
              </span>
            </div>
          </div>
        </div>
      </nav>
      <div className="content">
        <Outlet />
      </div>
      <nav className="tabbar" aria-label="Pages">
        {ON_PHONE.map(({ to, text, Icon }) => (
          <Link key={to} to={to} activeOptions={{ exact: to === '/' }} activeProps={{ 'aria-current': 'page' }}>
            <Icon className="i" aria-hidden="true" />
            {text}
          </Link>
        ))}
      </nav>
      <Find />
      <Keys />
    </div>
  )
}

function SpaceMenu() {
  const { space, spaces, chooseSpace } = useSession()
  const { end } = useSigning()
  return (
    <MenuTrigger>
      <Button className="space">
        <span className="vh">Space:</span>
        <span className="dst" aria-hidden="true">
          {space.name.slice(0, 1).toUpperCase()}
        </span>
        <b className="grow trunc">{space.name}</b>
        <ChevronsUpDown className="i s" aria-hidden="true" />
      </Button>
      <Popover className="pop menu">
        <Menu
          aria-label="Spaces"
          onAction={(key) => {
            if (key === 'sign out') void end()
            else chooseSpace(String(key).slice('space '.length))
          }}
        >
          {spaces.map(({ id, name }) => (
            <MenuItem key={id} id={`space ${id}`} textValue={name}>
              {name}
              {id === space.id && <span className="dim"> shown</span>}
            </MenuItem>
          ))}
          <MenuItem id="sign out">Sign out</MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}
