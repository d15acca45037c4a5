/** Explanations: why a user or an account has a value, and why it would have that of a draft. */
import { type Request, type RequestHandler, type Response, Router } from 'express'
import type { DefinitionSource, DefinitionType } from '../model/definition.ts'
import { EngineError } from '../model/errors.ts'
import type { Explanation } from '../model/explanation.ts'
import type { Collection, TraitCatalogue } from '../model/trait-catalogue.ts'
import { explanationView } from './explanation-view.ts'
import type { ShownProfile } from './profile-source.ts'
import { checkSpace, PROFILES, type ProfileApiOptions, readCollection, readIdentifier, ROOTS } from './router.ts'

export interface ExplainApiOptions<Profile extends ShownProfile> extends Pick<
  ProfileApiOptions<Profile>,
  'spaceOf' | 'profiles'
> {
  /** Explains a definition by its number; undefined if it is not there any more. */
  readonly explain: (profile: Profile, definition: number) => Explanation | undefined
  /** Throws an EngineError if the draft does not compile. */
  readonly explainDraft: (profile: Profile, source: DefinitionSource) => Explanation
  /** Reads a body as JSON. */
  readonly readJson: readonly RequestHandler[]
  /** Reads the definition of a draft. Throws an EngineError that names the field at fault. */
  readonly readDraft: (body: unknown, type: DefinitionType) => DefinitionSource
}

export function explainRouter<Profile extends ShownProfile>(options: ExplainApiOptions<Profile>): Router {
  const { spaceOf, profiles, explain, explainDraft, readJson, readDraft } = options
  const router = Router({ caseSensitive: true })
  const found = async ({ params }: Request, collection: Collection): Promise<Profile> => {
    const profile = await profiles.find(collection, readIdentifier(params['identifier']), true)
    if (!profile) throw new EngineError('not_found', 'Profile was not found.')
    return profile
  }
  const answer = async (request: Request, response: Response): Promise<void> => {
    const collection = readCollection(request.params['collection'])
    const profile = await found(request, collection)
    const explanation = explain(profile, definitionOf(profiles.catalogue().of(collection), request.params['key']))
    if (!explanation) throw noDefinition()
    response.json(explanationView(explanation))
  }
  const answerDraft = async (request: Request, response: Response): Promise<void> => {
    const collection = readCollection(request.params['collection'])
    const source = readDraft(request.body, collection === 'users' ? 'USERS' : 'ACCOUNTS')
    response.json(explanationView(explainDraft(await found(request, collection), source)))
  }
  const check = checkSpace({ spaceOf })
  for (const root of ROOTS) {
    router.get(`${root}/${PROFILES}/:identifier/explain/:key`, check, answer)
    router.post(`${root}/${PROFILES}/:identifier/explain`, check, ...readJson, answerDraft)
  }
  return router
}

/** Returns the number of the definition of a key. Throws an EngineError if the profile has none such of its own. */
function definitionOf(shown: ReturnType<TraitCatalogue['of']>, key: unknown): number {
  const definition = typeof key === 'string' ? shown.get(key) : undefined
  if (!definition) throw noDefinition()
  if (!definition.isOfAccounts) return definition.id
  throw new EngineError('not_found', 'key: this is an audience of accounts; ask about one of them', 'key')
}

function noDefinition(): EngineError {
  return new EngineError('not_found', 'key: there is no such audience or computed trait that is computed', 'key')
}
