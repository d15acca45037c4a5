/** The little of jsdom that tests use. Its own types bring the browser's globals into every file. */
declare module 'jsdom' {
  export class VirtualConsole {
    on(event: 'jsdomError', listener: (error: Error) => void): this
  }
  export class JSDOM {
    constructor(
      html: string,
      options: { url: string; runScripts: 'dangerously'; resources: 'usable'; virtualConsole?: VirtualConsole },
    )
    readonly window: { close(): void }
  }
}
