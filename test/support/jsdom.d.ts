/** The little of jsdom that tests and benches use. Its own types bring the browser's globals into every file. */
declare module 'jsdom' {
  export class VirtualConsole {
    on(event: 'jsdomError', listener: (error: Error) => void): this
  }
  interface SvgElement {
    setAttribute(name: string, value: string | number): void
    append(...nodes: SvgElement[]): void
    querySelectorAll(selector: string): Iterable<SvgElement>
    textContent: string
  }
  export class JSDOM {
    constructor(
      html: string,
      options?: { url: string; runScripts: 'dangerously'; resources: 'usable'; virtualConsole?: VirtualConsole },
    )
    readonly window: {
      close(): void
      readonly document: { createElementNS(namespace: string, name: string): SvgElement }
      readonly XMLSerializer: new () => { serializeToString(element: SvgElement): string }
    }
  }
}
