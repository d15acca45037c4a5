/** The few words that generated definitions and calls share, so that they meet. */

/** Window lengths, as they are written, and in ms: histories pause for exactly as long, so that boundaries coincide. */
export const DURATIONS = {
  '1 second': 1000,
  '30 minutes': 1_800_000,
  '1 hour': 3_600_000,
  '90 minutes': 5_400_000,
  '6 hours': 21_600_000,
  '1 day': 86_400_000,
  '2 days': 172_800_000,
  '3 days': 259_200_000,
  '1 week': 604_800_000,
  '30 days': 2_592_000_000,
} as const

export const DURATION_TEXTS = Object.keys(DURATIONS)
export const DURATIONS_MS = Object.values(DURATIONS)

/** The instant at which every history begins. */
export const START = Date.UTC(2026, 0, 1)

/** The first two are the most frequent, by being named twice: few names make many matches. */
export const TRACKED_EVENTS = ['Viewed', 'Ordered', 'Viewed', 'Ordered', 'Added'] as const
export const EVENTS = [...TRACKED_EVENTS, 'Page Viewed', 'Screen Viewed'] as const

export const CATEGORIES = ['shoes', 'Shoes sale', 'shirts', 'hats'] as const
export const PRODUCTS = ['p1', 'p2', 'p3'] as const
export const PLANS = ['free', 'pro', 'business'] as const
export const CITIES = ['Berlin', 'Rome'] as const
export const URLS = ['https://shop.example/cart', 'https://shop.example/home'] as const
export const SOURCES = ['web', 'ios'] as const
