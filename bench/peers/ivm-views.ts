/** The twenty definitions as incremental views of db-ivm, over inputs of rows that are in a window at present. */
import { UNITS } from '../../src/model/time.ts'
import type { ShopTraits } from '../engine/shop-call.ts'
import { type CartStep, type Delta, type Row, WINDOW_INPUTS } from './ivm-windows.ts'

/** The parts of db-ivm that are used here. */
export interface Ivm {
  readonly D2: new () => Graph
  readonly map: (convert: (row: Row) => Row) => Operator
  readonly filter: (holds: (row: Row) => boolean) => Operator
  readonly reduce: <Value>(combine: (values: Counted<Value>[]) => Counted<unknown>[]) => Operator
  /** The rows of both sides that have one key; their value is the pair of both values. */
  readonly join: (other: Stream, type: 'inner') => Operator
  readonly output: (take: (rows: { getInner(): readonly Delta[] }) => void) => Operator
}

export interface Graph {
  newInput(): Input
  finalize(): void
  /** Works off all that was sent. */
  run(): void
}

interface Stream {
  pipe(...operators: readonly Operator[]): Stream
}

export interface Input extends Stream {
  sendData(deltas: Delta[]): void
}

type Operator = (stream: Stream) => Stream
type Counted<Value> = [value: Value, multiplicity: number]

export interface Views {
  readonly graph: Graph
  /** By name: those of the windows, and `traits`, which holds the present traits of each profile. */
  readonly inputs: ReadonlyMap<string, Input>
}

/** @param onChange is told of each row that a definition gains (1) or loses (-1): true, or the value of a trait */
export function createViews(ivm: Ivm, onChange: (key: string, delta: Delta) => void): Views {
  const { filter, join, map, reduce } = ivm
  const graph = new ivm.D2()
  const inputs = new Map([...WINDOW_INPUTS, 'traits'].map((name) => [name, graph.newInput()]))
  const atLeast = (input: string, least: number): Stream =>
    inputs.get(input)!.pipe(reduce((values) => (total(values) >= least ? [[true, 1]] : [])))
  const whoseTraits = (matches: (traits: ShopTraits) => boolean): Stream =>
    inputs.get('traits')!.pipe(
      filter(([, traits]) => matches(traits as ShopTraits)),
      map(([profile]) => [profile, true]),
    )
  const both = (one: Stream, other: Stream): Stream =>
    one.pipe(
      join(other, 'inner'),
      map(([profile]) => [profile, true]),
    )

  const bought = atLeast('orders_30_days', 1)
  const readsMail = atLeast('mails_14_days', 2)
  const spend = inputs.get('orders_30_days')!.pipe(reduce(sumOf))
  const spendsMuch = spend.pipe(
    filter(([, sum]) => (sum as number) >= 500),
    map(([profile]) => [profile, true]),
  )
  const definitions: Readonly<Record<string, Stream>> = {
    browsing_now: atLeast('views_1_hour', 3),
    browsed_much: atLeast('views_7_days', 10),
    likes_shoes: atLeast('shoes_1_day', 2),
    likes_hats: atLeast('hats_14_days', 3),
    looked_at_luxury: atLeast('luxury_2_days', 1),
    filling_cart: atLeast('additions_6_hours', 2),
    wanted_several: atLeast('several_30_days', 1),
    bought_lately: bought,
    buys_often: atLeast('orders_30_days', 3),
    search_fails: atLeast('failures_7_days', 2),
    reads_mail: readsMail,
    reads_sales_mail: atLeast('sales_mails_21_days', 1),
    considers_price: atLeast('pricing_3_days', 2),
    may_come_back: atLeast('views_7_to_14_days', 2),
    left_cart: inputs.get('cart_steps')!.pipe(reduce(leftCart)),
    spend_30_days: spend,
    grown_up_abroad: whoseTraits(({ age, country }) => age >= 30 && (country === 'DE' || country === 'FR')),
    big_spender: both(
      spendsMuch,
      whoseTraits(({ country }) => country === 'DE'),
    ),
    active_pro: both(
      atLeast('pages_7_days', 1),
      whoseTraits(({ plan }) => plan === 'pro'),
    ),
    loyal_reader: both(bought, readsMail),
  }
  publish(ivm, definitions, onChange)
  graph.finalize()
  return { graph, inputs }
}

function publish(
  { output }: Ivm,
  definitions: Readonly<Record<string, Stream>>,
  onChange: (key: string, delta: Delta) => void,
): void {
  for (const [key, stream] of Object.entries(definitions))
    stream.pipe(
      output((rows) => {
        for (const delta of rows.getInner()) onChange(key, delta)
      }),
    )
}

function total(values: readonly Counted<unknown>[]): number {
  return values.reduce((sum, [, multiplicity]) => sum + multiplicity, 0)
}

function sumOf(values: readonly Counted<number>[]): Counted<number>[] {
  if (values.length === 0) return []
  return [[values.reduce((sum, [value, multiplicity]) => sum + value * multiplicity, 0), 1]]
}

/** An addition to the cart that no order followed within a day. */
function leftCart(values: readonly Counted<CartStep>[]): Counted<true>[] {
  const steps = values.map(([step]) => step)
  const orders = steps.filter(({ isOrder }) => isOrder)
  const isLeft = steps.some(
    ({ isOrder, ts, arrival }) =>
      !isOrder &&
      !orders.some((order) => {
        const isAfter = order.ts > ts || (order.ts === ts && order.arrival > arrival)
        return isAfter && order.ts < ts + UNITS.day
      }),
  )
  return isLeft ? [[true, 1]] : []
}
