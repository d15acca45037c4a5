/** The links of a process to the engines that it sends calls to, one for each. */
import { Link, type LinkOptions, type Tunnel } from './link.ts'
import type { EngineAddress } from './tunnel.ts'

export interface EngineLinksOptions extends Pick<LinkOptions, 'afterTurn' | 'limits'> {
  readonly open: (address: EngineAddress) => Promise<Tunnel>
  /** Told once that an engine cannot be reached, and once that it can again. */
  readonly onTrouble: (cause: unknown, address: EngineAddress) => void
}

export class EngineLinks {
  readonly #options: EngineLinksOptions
  readonly #links = new Map<string, Link>()

  constructor(options: EngineLinksOptions) {
    this.#options = options
  }

  /** Returns the link to an engine, which is opened when it is needed. */
  to(address: EngineAddress): Link {
    let link = this.#links.get(address.url)
    if (!link) this.#links.set(address.url, (link = this.#new(address)))
    return link
  }

  /** Ends all links; calls in flight are lost. */
  close(): void {
    for (const link of this.#links.values()) link.close()
  }

  #new(address: EngineAddress): Link {
    const { open, afterTurn, limits, onTrouble } = this.#options
    let isTroubled = false
    return new Link({
      open: () => open(address),
      afterTurn,
      ...(limits && { limits }),
      onTrouble: (cause) => {
        if ((cause !== undefined) !== isTroubled) onTrouble(cause, address)
        isTroubled = cause !== undefined
      },
    })
  }
}
