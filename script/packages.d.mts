export interface RuntimePackage {
  readonly name: string
  readonly version: string
  /** As SPDX names it; '' if none is known. */
  readonly license: string
  /** True for a compiled part that only one platform installs. */
  readonly isOfPlatform: boolean
  /** The packages of package.json that bring it; itself, if it is one of them. */
  readonly through: ReadonlySet<string>
}

interface Manifest {
  readonly version?: string
  readonly license?: string
  readonly os?: readonly string[]
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

/** As `package-lock.json` has it, version 3: by path. */
export interface Lockfile {
  readonly packages: Readonly<Record<string, Manifest & { readonly dev?: boolean; readonly devOptional?: boolean }>>
}

/** Licenses that a package may have. */
export declare const LICENSES: readonly string[]

/** Licenses of packages whose manifest does not name one, by the text of their file LICENSE. */
export declare const READ_LICENSES: ReadonlyMap<string, string>

/** Returns every package that is installed without those of development, on any platform, by name and version. */
export declare function packagesOf(lockfile: Lockfile): RuntimePackage[]

/** Returns the text of docs/packages.md. */
export declare function documentOf(lockfile: Lockfile): string
