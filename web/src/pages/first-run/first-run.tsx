/** The first page of a space that has no audience: two ways to begin, and the walk to the first audience. */
import { useSession } from '../../api/session.ts'
import { useMayDemonstrate } from './demonstration.ts'
import { OwnEvents } from './own-events.tsx'
import { ShopOption } from './shop-option.tsx'
import { Walk } from './walk.tsx'
import './first-run.css'

export function FirstRun() {
  const isShop = useSession().space.isDemonstration === true
  const mayOpenShop = useMayDemonstrate() && !isShop
  return (
    <div className="first">
      <h2 className="first-title">
        {isShop ? 'No audience yet. Who should be in one?' : 'Nobody is here yet. Who should be?'}
      </h2>
      <p className="lead">
        Rollcall keeps audiences true at every instant.{' '}
        {mayOpenShop
          ? 'Open a shop that moves, and build a first audience in two minutes; or send your own events.'
          : isShop
            ? 'The shop is open: build a first audience in two minutes.'
            : 'Send your events, and build a first audience of the people in them.'}
      </p>
      {!isShop && (
        <div className={mayOpenShop ? 'two' : 'one'}>
          {mayOpenShop && <ShopOption />}
          <OwnEvents />
        </div>
      )}
      <Walk startsAt={mayOpenShop ? 1 : 2} />
      <p className="dim first-more">
        Moving from Segment? Its audiences and destinations can be imported by <code>POST /spaces/…/import</code>; what
        cannot be moved is listed with its reason.{' '}
        <a className="link" href="/docs">
          The API
        </a>
      </p>
    </div>
  )
}
