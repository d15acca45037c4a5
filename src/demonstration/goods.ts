/** The goods of the shop. */
import type { Chance } from './chance.ts'

export interface Product {
  readonly product_id: string
  readonly name: string
  readonly category: string
  /** In dollars. */
  readonly price: number
}

/** By category: names with their prices. */
const GOODS = {
  shoes: { 'Canvas trainer': 59, 'Trail runner': 129, 'Wool slipper': 38, 'Chelsea boot': 179, 'Beach sandal': 24.5 },
  coats: { 'Rain shell': 149, 'Down vest': 119, 'Work jacket': 95, 'City parka': 239, 'Linen blazer': 89 },
  bags: { 'Day pack': 74, 'Canvas tote': 19.9, Weekender: 159, 'Hip bag': 34, 'Laptop sleeve': 29 },
  home: { 'Oak lamp': 112, 'Wool throw': 64, 'Tea set': 42, 'Wall clock': 36.5, 'Linen sheets': 98 },
  garden: { 'Clay planter': 21, 'Hand trowel': 14.5, 'Folding chair': 68, 'Fire bowl': 139, 'Seed box': 9.9 },
} as const

export const CATEGORIES = Object.keys(GOODS) as (keyof typeof GOODS)[]

const PRODUCTS: readonly Product[] = CATEGORIES.flatMap((category) =>
  Object.entries(GOODS[category]).map(([name, price], index) => ({
    product_id: `${category}-${index + 1}`,
    name,
    category,
    price,
  })),
)
/** So often somebody looks at what they like most. */
const TASTE_SHARE = 0.65

/** Picks what somebody looks at. @param taste their favourite category, by any whole number */
export function pickProduct(chance: Chance, taste: number): Product {
  const favourite = CATEGORIES[taste % CATEGORIES.length]
  const isToTaste = chance.isTrue(TASTE_SHARE)
  return chance.pick(isToTaste ? PRODUCTS.filter(({ category }) => category === favourite) : PRODUCTS)
}
