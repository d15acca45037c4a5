/** Fields that connections and their activations have in common. */
import { z } from 'zod'

/** Traits that go with a call, at most. */
export const TRAITS_MAX = 50

export const EventName = z.string().trim().min(1).max(255)
export const TraitName = z.string().regex(/^(?!__proto__$)[^\0]{1,255}$/, 'expected the name of a trait')
