/** The calls of the workload's shop: what a baseline written for exactly these may rely on. */

export type ShopCall = TrackCall | PageCall | IdentifyCall

interface CommonFields {
  readonly messageId: string
  /** ISO 8601, UTC, with milliseconds. */
  readonly timestamp: string
  readonly userId: string
}

export interface TrackCall extends CommonFields {
  readonly type: 'track'
  readonly event: string
  readonly properties: ShopProperties
}

export interface PageCall extends CommonFields {
  readonly type: 'page'
  readonly properties: ShopProperties
}

export interface IdentifyCall extends CommonFields {
  readonly type: 'identify'
  readonly traits: ShopTraits
}

export interface ShopTraits {
  readonly email: string
  readonly plan: string
  readonly age: number
  readonly country: string
}

/** Each event has some of these. */
export interface ShopProperties {
  readonly category?: string
  readonly price?: number
  readonly quantity?: number
  /** In quarters, so that plain addition is exact. */
  readonly total?: number
  readonly results?: number
  readonly campaign?: string
  readonly path?: string
}
