import type { Lockfile } from './packages.mjs'

/** One destination of Segment's manifest, with the definition as code. */
export interface ManifestEntry {
  readonly definition: { readonly slug: string }
  /** The folder of its sources, by which it is loaded. */
  readonly directory: string
  /** The file that is loaded first. */
  readonly path: string
}

/** Functions of Segment's packages that the catalogue is made with. */
export interface Core {
  parseFql(query: string): object
  validate(condition: object, call: object): boolean
  defaultValues(fields: object): object
}

export interface Catalogue {
  readonly entries: readonly ManifestEntry[]
  readonly core: Core
}

export interface InstalledPackage {
  readonly name: string
  readonly version: string
  /** As SPDX names it; '' if none is known. */
  readonly license: string
  /** From the folder of the lockfile. */
  readonly path: string
}

/** True once `npm run catalogue` has installed Segment's package. */
export declare function isInstalled(): boolean

/** Loads all definitions, which takes seconds and some 100 MB of memory. Throws if they are not installed. */
export declare function loadCatalogue(): Catalogue

/** Returns the files that `npm run catalogue:generate` writes: by their path in destinations/catalogue, their text. */
export declare function catalogueFiles(catalogue?: Catalogue): Map<string, string>

/** Returns the packages of a lockfile that `npm run catalogue` installs. */
export declare function installedPackages(lockfile: Lockfile): InstalledPackage[]

/** Reads a file and all files that it leads to by relative imports: by path, their text. */
export declare function sourcesOf(entry: string): Map<string, string>

/** Returns the packages and builtins that sources import. */
export declare function packagesIn(sources: ReadonlyMap<string, string>): string[]

/** Folders that are never offered, with why. */
export declare const DENIED: ReadonlyMap<string, string>

/** Folders that are off unless an operator turns them on, with why. */
export declare const OFF: ReadonlyMap<string, string>

/** Folders that have a category. */
export declare const CATEGORIZED: ReadonlySet<string>

/** Defaults that no rule makes, by folder. */
export declare const CHOICES: Readonly<Record<string, object>>
