/** The peers by name, and the packages that they need. */
import type { Change } from '../harness/subject.ts'
import { rulesSubject } from '../engine/rules-subject.ts'
import { rxjsSubject } from '../engine/rxjs-subject.ts'
import { DUCKDB_PACKAGE, duckdbPeer } from './duckdb-peer.ts'
import { IVM_PACKAGE, ivmPeer } from './ivm-peer.ts'
import type { PeerName } from './measured.ts'
import type { Peer } from './peer.ts'
import { PGLITE_PACKAGE, pglitePeer } from './pglite-peer.ts'
import { subjectPeer } from './subject-peer.ts'

/** Packages of the folder of this bench; the other peers' are those of the repository. */
export const PACKAGES: Readonly<Partial<Record<PeerName, string>>> = {
  duckdb: DUCKDB_PACKAGE,
  'db-ivm': IVM_PACKAGE,
  pglite: PGLITE_PACKAGE,
}

/** @param onChanges is told of changes by calls, if the peer is one that says them */
export function createPeer(name: PeerName, onChanges?: (changes: readonly Change[]) => void): Peer | Promise<Peer> {
  switch (name) {
    case 'duckdb':
      return duckdbPeer()
    case 'pglite':
      return pglitePeer()
    case 'db-ivm':
      return ivmPeer()
    case 'rxjs':
      return subjectPeer(rxjsSubject(), onChanges)
    case 'json-rules-engine':
      return subjectPeer(rulesSubject(), onChanges)
  }
}
