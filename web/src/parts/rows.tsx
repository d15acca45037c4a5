/**
 * A list of any length, of which only the rows in view are there: a grid for screen readers, with one stop of the Tab
 * key. Arrows, Home, End and Page keys move; Enter opens.
 */
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import {
  type CSSProperties,
  type KeyboardEvent,
  memo,
  type ReactNode,
  type RefObject,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'

export interface Column<Row> {
  readonly title: string
  /** A track of a CSS grid: `minmax(0,1fr)`, `96px`. */
  readonly width: string
  readonly isNumber?: boolean
  /** Left out on a phone. */
  readonly isExtra?: boolean
  readonly cell: (row: Row) => ReactNode
}

export interface RowsProps<Row> {
  readonly label: string
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
  readonly columns: readonly Column<Row>[]
  /** The height of a row, in px: 54 with two lines, 34 with one. */
  readonly height?: number
  readonly onOpen?: (row: Row) => void
  /** Called when the last rows come into view. */
  readonly onEnd?: () => void
  /** Rows that are chosen, by their keys; absent where none can be. */
  readonly chosen?: ReadonlySet<string>
  /** Called for a key that the list does not know itself. */
  readonly onKey?: (row: Row, event: KeyboardEvent) => void
}

const PAGE_ROWS = 10
const OVERSCAN = 8

export function Rows<Row>(props: RowsProps<Row>) {
  const { label, rows, keyOf, columns, height = 54, onOpen, onEnd, chosen } = props
  const grid = useRef<HTMLDivElement>(null)
  const [active, setActive] = useState(0)
  const [margin, setMargin] = useState(0)
  useLayoutEffect(() => {
    if (grid.current) setMargin(grid.current.getBoundingClientRect().top + scrollY)
  }, [rows.length])
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => height,
    overscan: OVERSCAN,
    scrollMargin: margin,
    initialRect: { width: innerWidth, height: innerHeight },
  })
  const items = virtualizer.getVirtualItems()
  const last = items.at(-1)?.index ?? -1
  useLayoutEffect(() => {
    if (last >= 0 && last >= rows.length - OVERSCAN) onEnd?.()
  }, [last, rows.length, onEnd])
  const tracks = useMemo(() => tracksOf(columns), [columns])
  const move = (to: number): void => {
    const index = Math.max(0, Math.min(rows.length - 1, to))
    setActive(index)
    virtualizer.scrollToIndex(index)
    requestAnimationFrame(() => {
      grid.current?.querySelector<HTMLElement>(`[aria-rowindex="${index + 2}"]`)?.focus()
    })
  }
  const does = useLatest({ move, setActive, props })
  return (
    <div
      className="rows card"
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-multiselectable={chosen && true}
      ref={grid}
    >
      <div className="rows-head" role="row" aria-rowindex={1} style={tracks}>
        {columns.map(({ title, isNumber, isExtra }) => (
          <span key={title} role="columnheader" className={`${isNumber ? 'num' : ''} ${isExtra ? 'hide-s' : ''}`}>
            {title}
          </span>
        ))}
      </div>
      <div className="rows-body" role="rowgroup" style={{ height: virtualizer.getTotalSize() }}>
        {items.map(({ index, start }) => (
          <RowView
            key={keyOf(rows[index]!)}
            row={rows[index]!}
            {...{ index, columns, tracks, height, does }}
            top={start - margin}
            isStop={index === Math.min(active, rows.length - 1)}
            opens={onOpen !== undefined}
            isChosen={chosen?.has(keyOf(rows[index]!))}
          />
        ))}
      </div>
    </div>
  )
}

function tracksOf<Row>(columns: readonly Column<Row>[]): CSSProperties {
  return {
    '--tracks': columns.map(({ width }) => width).join(' '),
    '--tracks-s': columns.flatMap(({ width, isExtra }) => (isExtra ? [] : [width])).join(' '),
  } as CSSProperties
}

/** Returns a box that stays the same, with the latest value in it: for handlers, which are called between renderings. */
function useLatest<T>(value: T): RefObject<T> {
  const box = useRef(value)
  useLayoutEffect(() => {
    box.current = value
  })
  return box
}

interface RowViewProps<Row> {
  readonly row: Row
  readonly index: number
  readonly columns: readonly Column<Row>[]
  readonly tracks: CSSProperties
  readonly height: number
  /** Its distance from the head of the list, in px. */
  readonly top: number
  /** True for the one row that the Tab key stops at. */
  readonly isStop: boolean
  readonly opens: boolean
  /** Undefined where none can be chosen. */
  readonly isChosen: boolean | undefined
  readonly does: RefObject<{
    readonly move: (to: number) => void
    readonly setActive: (index: number) => void
    readonly props: RowsProps<Row>
  }>
}

function PlainRow<Row>(props: RowViewProps<Row>) {
  const { row, index, columns, tracks, height, top, isStop, opens, isChosen, does } = props
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== event.currentTarget) return
    const { move, props: list } = does.current
    const end = list.rows.length - 1
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: end }[event.key]
    const page = { PageDown: index + PAGE_ROWS, PageUp: index - PAGE_ROWS }[event.key]
    if (to !== undefined || page !== undefined) {
      event.preventDefault()
      move(to ?? page!)
    } else if (event.key === 'Enter' && list.onOpen) list.onOpen(row)
    else list.onKey?.(row, event)
  }
  return (
    <div
      role="row"
      className={opens ? 'rows-row opens' : 'rows-row'}
      aria-rowindex={index + 2}
      aria-selected={isChosen}
      tabIndex={isStop ? 0 : -1}
      style={{ ...tracks, height, transform: `translateY(${top}px)` }}
      onFocus={() => {
        does.current.setActive(index)
      }}
      onClick={() => does.current.props.onOpen?.(row)}
      onKeyDown={onKeyDown}
    >
      {columns.map(({ title, cell, isNumber, isExtra }) => (
        <div key={title} role="gridcell" className={`${isNumber ? 'num' : ''} ${isExtra ? 'hide-s' : ''}`}>
          {cell(row)}
        </div>
      ))}
    </div>
  )
}

/** Rendered again if its row or the columns have changed, and not for each step of scrolling. */
const RowView = memo(PlainRow) as typeof PlainRow
