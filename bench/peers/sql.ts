/**
 * The twenty definitions as one SQL statement over two tables of facts, as DuckDB and PostgreSQL both read it. A row of
 * the result is a profile, a column is a definition. `within` is `ts > now - window`: an event leaves its window
 * exactly at `ts + window`.
 */
import type { JsonValue } from '../../src/model/json.ts'
import { UNITS } from '../../src/model/time.ts'
import { KEYS } from '../engine/definitions.ts'
import type { Fact } from './facts.ts'
import { type Answers, noAnswers } from './peer.ts'

const { hour, day } = UNITS

export const CREATE_TABLES = [
  `CREATE TABLE events (profile INTEGER, name VARCHAR, ts BIGINT, arrival INTEGER, category VARCHAR, price INTEGER,
    quantity INTEGER, total DOUBLE PRECISION, results INTEGER, campaign VARCHAR, path VARCHAR)`,
  `CREATE TABLE identifies (profile INTEGER, ts BIGINT, arrival INTEGER, plan VARCHAR, age INTEGER, country VARCHAR)`,
]

export type Cell = string | number | null

export interface FactRows {
  /** In the order of the columns. */
  readonly events: Cell[][]
  readonly identifies: Cell[][]
}

export function rowsOf(facts: readonly Fact[]): FactRows {
  const rows: FactRows = { events: [], identifies: [] }
  for (const { profile, arrival, moment } of facts) {
    const { name, ts, properties, traits } = moment
    if (traits) {
      rows.identifies.push([profile, ts, arrival, traits.plan, traits.age, traits.country])
      continue
    }
    const { category, price, quantity, total, results, campaign, path } = properties
    const cells = [category, price, quantity, total, results, campaign, path]
    rows.events.push([profile, name, ts, arrival, ...cells.map((cell) => cell ?? null)])
  }
  return rows
}

/** Selects all answers as of an instant, epoch ms; profiles without any may be among them. */
export function selectAnswers(now: number): string {
  return `
  WITH counts AS (SELECT profile, ${COUNTS.map(([column, aggregate]) => `${aggregate(now)} AS ${column}`).join(', ')}
    FROM events WHERE ts > ${now - 30 * day} GROUP BY profile),
  carts AS (${selectLeftCarts(now)}),
  traits AS (SELECT DISTINCT ON (profile) profile, plan, age, country FROM identifies
    ORDER BY profile, ts DESC, arrival DESC)
  SELECT profile, ${KEYS.map((key) => `${CONDITIONS[key]!} AS ${key}`).join(', ')}
  FROM counts FULL JOIN traits USING (profile) LEFT JOIN carts USING (profile)`
}

/** Selects profiles with an addition that is between 1 and 8 days old and no order followed within a day. */
function selectLeftCarts(now: number): string {
  return `SELECT DISTINCT profile, true AS left_cart FROM events addition
    WHERE name = 'Product Added' AND ts > ${now - 8 * day} AND ts <= ${now - day} AND NOT EXISTS (
      SELECT 1 FROM events o WHERE o.profile = addition.profile AND o.name = 'Order Completed'
        AND o.ts > ${now - 8 * day} AND o.ts < addition.ts + ${day}
        AND (o.ts > addition.ts OR o.ts = addition.ts AND o.arrival > addition.arrival))`
}

type Aggregate = (now: number) => string

const COUNTS: readonly (readonly [column: string, aggregate: Aggregate])[] = [
  ['views_1_hour', countOf('Product Viewed', hour)],
  ['views_7_days', countOf('Product Viewed', 7 * day)],
  ['shoes_1_day', countOf('Product Viewed', day, `category = 'shoes'`)],
  ['hats_14_days', countOf('Product Viewed', 14 * day, `category = 'hats'`)],
  ['luxury_2_days', countOf('Product Viewed', 2 * day, 'price >= 150')],
  ['additions_6_hours', countOf('Product Added', 6 * hour)],
  ['several_30_days', countOf('Product Added', 30 * day, 'price >= 50 AND quantity >= 2')],
  ['orders_30_days', countOf('Order Completed', 30 * day)],
  ['failures_7_days', countOf('Products Searched', 7 * day, 'results = 0')],
  ['mails_14_days', countOf('Email Opened', 14 * day)],
  ['sales_mails_21_days', countOf('Email Opened', 21 * day, `campaign IN ('spring', 'summer')`)],
  ['pricing_3_days', countOf('Page Viewed', 3 * day, `path = '/pricing'`)],
  [
    'views_7_to_14_days',
    (now) => `count(*) FILTER (WHERE name = 'Product Viewed' AND ts > ${now - 14 * day} AND ts <= ${now - 7 * day})`,
  ],
  ['spend', () => `sum(total) FILTER (WHERE name = 'Order Completed')`],
  ['pages_7_days', countOf('Page Viewed', 7 * day)],
]

/** A condition is null, and so not true, for a profile that has no row of counts or traits. */
const CONDITIONS: Readonly<Record<string, string>> = {
  browsing_now: 'views_1_hour >= 3',
  browsed_much: 'views_7_days >= 10',
  likes_shoes: 'shoes_1_day >= 2',
  likes_hats: 'hats_14_days >= 3',
  looked_at_luxury: 'luxury_2_days >= 1',
  filling_cart: 'additions_6_hours >= 2',
  wanted_several: 'several_30_days >= 1',
  bought_lately: 'orders_30_days >= 1',
  buys_often: 'orders_30_days >= 3',
  search_fails: 'failures_7_days >= 2',
  reads_mail: 'mails_14_days >= 2',
  reads_sales_mail: 'sales_mails_21_days >= 1',
  considers_price: 'pricing_3_days >= 2',
  may_come_back: 'views_7_to_14_days >= 2',
  left_cart: 'left_cart',
  spend_30_days: 'spend',
  grown_up_abroad: `age >= 30 AND country IN ('DE', 'FR')`,
  big_spender: `spend >= 500 AND country = 'DE'`,
  active_pro: `plan = 'pro' AND pages_7_days >= 1`,
  loyal_reader: 'orders_30_days >= 1 AND mails_14_days >= 2',
}

function countOf(name: string, windowMs: number, where?: string): Aggregate {
  const condition = where === undefined ? '' : ` AND ${where}`
  return (now) => `count(*) FILTER (WHERE name = '${name}' AND ts > ${now - windowMs}${condition})`
}

/**
 * Reads the answers from the table `answers`.
 * @param query gives the rows of a statement
 */
export async function readAnswers(
  query: (sql: string) => Promise<readonly (readonly [profile: number, value: JsonValue])[]>,
  labels: readonly string[],
): Promise<Answers> {
  const answers = noAnswers()
  for (const key of KEYS) {
    const condition = key === 'spend_30_days' ? 'IS NOT NULL' : ''
    const rows = await query(`SELECT profile, ${key} FROM answers WHERE ${key} ${condition}`)
    for (const [profile, value] of rows) answers.get(key)!.set(labels[profile]!, value)
  }
  return answers
}
