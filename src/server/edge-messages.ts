/** Messages from an edge process to the server that has started it. */
import type { AnsweredRequest, RequestContext } from '../http/app.ts'

export type FromEdge =
  /** It listens there. */
  | { readonly kind: 'listening'; readonly url: string }
  /** It has answered a request that the server knows nothing of. */
  | { readonly kind: 'answered'; readonly answer: AnsweredRequest; readonly context: RequestContext }
