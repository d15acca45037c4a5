/** The walk to a first audience, in four steps. */
import { Link } from '@tanstack/react-router'
import { useMay } from '../../api/session.ts'

export function Walk({ startsAt }: { readonly startsAt: 1 | 2 }) {
  const mayEdit = useMay('editor')
  return (
    <ol className="steps3 card walk">
      <li className={startsAt === 1 ? 'on' : ''} aria-current={startsAt === 1 ? 'step' : undefined}>
        <b>1. Open the shop</b>
        <span>5,000 people, 90 days of events</span>
      </li>
      <li className={startsAt === 2 ? 'on' : ''} aria-current={startsAt === 2 ? 'step' : undefined}>
        <b>
          2.{' '}
          {mayEdit ? (
            <Link className="link" to="/audiences/new">
              Build “Cart left”
            </Link>
          ) : (
            'Build “Cart left”'
          )}
        </b>
        <span>Three choices; the size moves as you choose</span>
      </li>
      <li>
        <b>3. Watch somebody enter</b>
        <span>An hour after the cart; choose 20 seconds to see it at once</span>
      </li>
      <li>
        <b>
          4.{' '}
          <Link className="link" to="/destinations">
            Tell a tool
          </Link>
        </b>
        <span>A webhook, or a list as CSV</span>
      </li>
    </ol>
  )
}
