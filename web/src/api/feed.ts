/**
 * The live feed of the space: one connection for all of the console, as long as a page looks. The browser comes back by
 * itself with the last id that it has seen, so that nothing is missed or shown twice.
 */
import { useEffect, useSyncExternalStore } from 'react'
import type { Transition } from './answers.ts'

/** A transition as it was received; the number orders those of one instant. */
export interface Received extends Transition {
  readonly number: number
}

export type FeedState = 'connecting' | 'live' | 'broken'

/** So many are remembered, newest last. */
const REMEMBERED_MAX = 2_000
/** Transitions that come together are shown together. */
const SHOWN_EVERY_MS = 120

interface Snapshot {
  readonly state: FeedState
  readonly transitions: readonly Received[]
}

const NOTHING: Snapshot = { state: 'connecting', transitions: [] }

class Feed {
  #snapshot: Snapshot = NOTHING
  #waiting: Received[] = []
  #count = 0
  #source: EventSource | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #listeners = new Set<() => void>()
  readonly #onTransition = new Set<(transition: Received) => void>()
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  readonly snapshot = (): Snapshot => this.#snapshot

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    if (!this.#source) this.#open()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#close()
    }
  }

  /** Calls a function for each transition as long as somebody subscribes. */
  follow(onTransition: (transition: Received) => void): () => void {
    this.#onTransition.add(onTransition)
    return () => void this.#onTransition.delete(onTransition)
  }

  #open(): void {
    const source = new EventSource(this.#path)
    this.#source = source
    source.onopen = () => {
      this.#show('live')
    }
    source.onerror = () => {
      this.#show('broken')
    }
    source.addEventListener('transition', ({ data }: MessageEvent<string>) => {
      const transition = { ...(JSON.parse(data) as Transition), number: this.#count++ }
      this.#waiting.push(transition)
      for (const onTransition of this.#onTransition) onTransition(transition)
      this.#timer ??= setTimeout(() => {
        this.#show('live')
      }, SHOWN_EVERY_MS)
    })
  }

  #close(): void {
    this.#source?.close()
    this.#source = undefined
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#snapshot = NOTHING
    this.#waiting = []
  }

  #show(state: FeedState): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const transitions = [...this.#snapshot.transitions, ...this.#waiting].slice(-REMEMBERED_MAX)
    this.#waiting = []
    this.#snapshot = { state, transitions }
    for (const listener of this.#listeners) listener()
  }
}

const feeds = new Map<string, Feed>()

function feedOf(spaceId: string): Feed {
  let feed = feeds.get(spaceId)
  if (!feed) feeds.set(spaceId, (feed = new Feed(`/spaces/${encodeURIComponent(spaceId)}/transitions`)))
  return feed
}

/** Returns what the feed has brought since the page was opened. */
export function useFeed(spaceId: string): Snapshot {
  const feed = feedOf(spaceId)
  return useSyncExternalStore(feed.subscribe, feed.snapshot)
}

/** Calls a function for each transition of the space while the component is shown, which must use the feed, too. */
export function useEachTransition(spaceId: string, onTransition: (transition: Received) => void): void {
  useEffect(() => feedOf(spaceId).follow(onTransition), [spaceId, onTransition])
}
