import type { CatalogueEntry } from '../destinations/catalogue/catalogue.ts'

export interface ListedTool extends CatalogueEntry {
  readonly kind: 'event' | 'list'
  /** Kinds of calls that go to an action unless the setting `mappings` says otherwise. */
  readonly calls: readonly string[]
}

/** Slugs of the tools whose requests are tested one by one. */
export declare const EXERCISED: ReadonlySet<string>

/** Reads all tools of the catalogue, in the order of their names. */
export declare function listedTools(): ListedTool[]

/** Returns the lines of the table. */
export declare function tableOf(tools: readonly ListedTool[]): string

/** Returns a document with the table between its two marks. Throws an Error if one is missing. */
export declare function withTable(text: string, table: string): string
