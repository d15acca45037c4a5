/** The pages by their addresses, all under `/app`. Each page is loaded when it is first shown. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { NotFound } from '../frame/not-found.tsx'
import { Shell } from '../frame/shell.tsx'

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound })

const routes = [
  createRoute({
    getParentRoute: () => root,
    path: '/',
    component: lazyRouteComponent(() => import('../pages/audiences/audiences-page.tsx'), 'AudiencesPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/audiences/new',
    component: lazyRouteComponent(() => import('../pages/audience/new-audience-page.tsx'), 'NewAudiencePage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/audiences/$audienceId',
    component: lazyRouteComponent(() => import('../pages/audience/audience-page.tsx'), 'AudiencePage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/audiences/$audienceId/$tab',
    component: lazyRouteComponent(() => import('../pages/audience/audience-page.tsx'), 'AudiencePage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/traits',
    component: lazyRouteComponent(() => import('../pages/traits/traits-page.tsx'), 'TraitsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/traits/new',
    component: lazyRouteComponent(() => import('../pages/traits/new-trait-page.tsx'), 'NewTraitPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/traits/$traitId',
    component: lazyRouteComponent(() => import('../pages/traits/trait-page.tsx'), 'TraitPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/profiles',
    component: lazyRouteComponent(() => import('../pages/profiles/profiles-page.tsx'), 'ProfilesPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/profiles/$profileId',
    component: lazyRouteComponent(() => import('../pages/profiles/profile-page.tsx'), 'ProfilePage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/accounts',
    component: lazyRouteComponent(() => import('../pages/profiles/profiles-page.tsx'), 'AccountsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/accounts/$profileId',
    component: lazyRouteComponent(() => import('../pages/profiles/profile-page.tsx'), 'AccountPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/destinations',
    component: lazyRouteComponent(() => import('../pages/destinations/destinations-page.tsx'), 'DestinationsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/destinations/new/$slug',
    component: lazyRouteComponent(() => import('../pages/destinations/new-destination-page.tsx'), 'NewDestinationPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/destinations/$destinationId',
    component: lazyRouteComponent(() => import('../pages/destinations/destination-page.tsx'), 'DestinationPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/sources',
    component: lazyRouteComponent(() => import('../pages/sources/sources-page.tsx'), 'SourcesPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/sources/$sourceId',
    component: lazyRouteComponent(() => import('../pages/sources/source-page.tsx'), 'SourcePage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/live',
    component: lazyRouteComponent(() => import('../pages/live/live-page.tsx'), 'LivePage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/settings',
    component: lazyRouteComponent(() => import('../pages/settings/settings-page.tsx'), 'SettingsPage'),
  }),
]

export const router = createRouter({
  routeTree: root.addChildren(routes),
  basepath: '/app',
  defaultPreload: 'intent',
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    readonly router: typeof router
  }
}
