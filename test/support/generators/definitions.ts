/**
 * Random sets of definitions in query text, over the vocabulary that generated calls use. A definition refers only to
 * those generated before it, so there are no cycles; the set is then rotated, so that order of definition is not order
 * of dependency. Shrinks to fewer and simpler definitions.
 */
import fc from 'fast-check'
import type { DefinitionSource } from '../../../src/model/definition.ts'
import { CATEGORIES, CITIES, DURATION_TEXTS, EVENTS, PLANS, PRODUCTS, SOURCES } from './vocabulary.ts'

/** Keys that a query may refer to, by where it stands. */
interface Known {
  /** Audiences that a user, or inside a quantifier a linked user, reads as traits. */
  readonly userAudiences: readonly string[]
  readonly userTraits: readonly string[]
  readonly accountAudiences: readonly string[]
  readonly accountTraits: readonly string[]
}

/** Text that may refer to keys which are known only once the definitions are put together. */
type Phrase = (known: Known) => string
type Part = fc.Arbitrary<Phrase> | fc.Arbitrary<string> | fc.Arbitrary<number>

/** An arbitrary of phrases, written as a template whose holes are arbitraries. */
function say(texts: TemplateStringsArray, ...parts: Part[]): fc.Arbitrary<Phrase> {
  return fc
    .tuple(...(parts as fc.Arbitrary<Phrase | string | number>[]))
    .map(
      (values) => (known) =>
        String.raw({ raw: texts }, ...values.map((value) => (typeof value === 'function' ? value(known) : value))),
    )
}

function joined(phrases: fc.Arbitrary<Phrase[]>, separator: string): fc.Arbitrary<Phrase> {
  return phrases.map((all) => (known) => all.map((phrase) => phrase(known)).join(separator))
}

/** In so many cases of ten; else null. */
function maybe<Value>(ofTen: number, arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> {
  return fc.oneof({ weight: 10 - ofTen, arbitrary: fc.constant(null) }, { weight: ofTen, arbitrary })
}

/** One of these keys; where there are none yet, a custom trait. */
function key(pick: (known: Known) => readonly string[], fallback: string): fc.Arbitrary<Phrase> {
  return fc.nat({ max: 7 }).map((index) => (known) => {
    const keys = pick(known)
    return keys[index % Math.max(1, keys.length)] ?? fallback
  })
}

function quoted(words: readonly string[]): fc.Arbitrary<string> {
  return fc.constantFrom(...words.map((word) => `'${word}'`))
}

const duration = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(...DURATION_TEXTS) },
  { weight: 1, arbitrary: fc.constant('0 days') },
)
const order = fc.constantFrom('>=', '>', '<', '<=')
const relation = fc.oneof({ weight: 3, arbitrary: order }, { weight: 1, arbitrary: fc.constantFrom('=', '!=') })
/** Mostly what becomes true when something happens, and false when it leaves a window. */
const countComparison = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('>= 1', '>= 2', '> 0', '= 1') },
  { weight: 1, arbitrary: fc.constantFrom('= 0', '< 1', '!= 1', '<= 2', '>= 3') },
)
const amount = fc.constantFrom(50, 10, 0, 0.3, 25.5, 49.99, 100, 120)
const smallCount = fc.constantFrom(1, 2, 0, 3)
const dateLiteral = fc.constantFrom(
  '2026-01-08',
  '2026-01-03T01:00:00Z',
  "'2026-02-01T00:00:00.000+01:00'",
  "'2026-01-05'",
)
const event = fc.constantFrom(...EVENTS)

/** Comparisons for a left side that is mostly text. */
const textComparator = fc.oneof(
  say` = ${quoted(CATEGORIES)}`,
  say` != ${quoted(CATEGORIES)}`,
  say`.contains(${fc.constantFrom("'sh'", "'Sh', 'at'", "''")})`,
  say`.omits(${fc.constantFrom("'sh'", "'S', 'x'")})`,
  say`.starts_with(${fc.constantFrom("'sh'", "'Sh', 'h'")})`,
  say`.ends_with(${fc.constantFrom("'s'", "'sale', 'ts'")})`,
  say`.one_of(${quoted(CATEGORIES)}, ${quoted(CATEGORIES)})`,
  say`.none_of([${quoted(CATEGORIES)}, ${quoted(CATEGORIES)}])`,
  say`.exists()`,
  say`.absent()`,
)

const dateComparator = fc.oneof(
  say`.${fc.constantFrom('within_last', 'before_last', 'within_next', 'after_next')}(${fc.constantFrom(...DURATION_TEXTS)})`,
  say`.${fc.constantFrom('before_date', 'after_date')}(${dateLiteral})`,
  say`.${fc.constantFrom('before_date', 'after_date')}(trait('renewal'))`,
)

/** A number to compare with: a literal, a custom trait, or a computed one. */
function numberOperand(hasParent: boolean): fc.Arbitrary<Phrase> {
  return fc.oneof(
    { weight: 4, arbitrary: say`${amount}` },
    { weight: 1, arbitrary: say`trait('age')` },
    { weight: 2, arbitrary: say`trait('${key((known) => known.userTraits, 'score')}')` },
    ...(hasParent ? [{ weight: 3, arbitrary: say`property(parent: 'price')` }] : []),
  )
}

/** A comparison of the event at hand, in its `where`. */
function fieldComparison(hasParent: boolean): fc.Arbitrary<Phrase> {
  return fc.oneof(
    { weight: 6, arbitrary: say`property('price') ${relation} ${numberOperand(hasParent)}` },
    { weight: 4, arbitrary: say`property('category')${textComparator}` },
    { weight: 3, arbitrary: say`property('product_id') = ${quoted(PRODUCTS)}` },
    { weight: 2, arbitrary: say`property('shipped_at')${dateComparator}` },
    { weight: 2, arbitrary: say`property('${fc.constantFrom('items.sku', 'items.$.sku')}') = ${quoted(PRODUCTS)}` },
    { weight: 1, arbitrary: say`property('items').${fc.constantFrom('exists', 'absent')}()` },
    { weight: 1, arbitrary: say`property('sizes') ${relation} ${amount}` },
    { weight: 1, arbitrary: say`property('gift') = ${fc.constantFrom('true', "'TRUE'", "'false'", '1')}` },
    { weight: 1, arbitrary: say`property('${fc.constantFrom('meta.v', 'meta\\.v')}') = ${smallCount}` },
    { weight: 1, arbitrary: say`property('${fc.constantFrom('name', 'page_name', 'screen_name')}').exists()` },
    { weight: 2, arbitrary: say`context('page.url').contains('/cart')` },
    { weight: 1, arbitrary: say`trait('plan') = ${quoted(PLANS)}` },
    { weight: 1, arbitrary: say`trait('${key((known) => known.userAudiences, 'VIP')}') = true` },
    ...(hasParent
      ? [
          {
            weight: 5,
            arbitrary: say`property('product_id') ${fc.constantFrom('=', '!=')} property(parent: 'product_id')`,
          },
          { weight: 1, arbitrary: say`property(parent: 'category')${textComparator}` },
          { weight: 1, arbitrary: say`property('category').one_of(property(parent: 'category'), 'hats')` },
        ]
      : []),
  )
}

/** The inside of a `where`, with funnels of this depth. */
function whereCondition(depth: number, hasParent: boolean): fc.Arbitrary<Phrase> {
  const plain = fieldComparison(hasParent)
  const operand =
    depth === 0
      ? plain
      : fc.oneof(
          { weight: 2, arbitrary: plain },
          { weight: 2, arbitrary: reductionComparison(depth, true) },
          { weight: 1, arbitrary: say`NOT ${reductionComparison(depth, true)}` },
        )
  const list = fc.array(operand, { minLength: 1, maxLength: 2 })
  return fc.oneof(joined(list, ' AND '), joined(list, ' OR '), say`{ ${joined(list, ' and ')} }`)
}

/** `event('…')` with filters in any order; `depth` funnels may stand in its `where`. */
function stream(depth: number, hasParent: boolean): fc.Arbitrary<Phrase> {
  const where = say`.where( ${whereCondition(depth - 1, hasParent)} )`
  const window = fc.oneof(say`.within(${duration})`, say`.between(${duration}, ${duration})`)
  const parentWindow = fc.oneof(say`.within(parent: ${duration})`, say`.between(parent: ${duration}, ${duration})`)
  const rare = fc.oneof(say`.sources({exclude: ${quoted(SOURCES)}})`, say`.expires_after(${duration})`)
  const filters = fc
    .tuple(
      maybe(hasParent ? 4 : 6, where),
      maybe(hasParent ? 2 : 7, window),
      maybe(hasParent ? 6 : 0, parentWindow),
      maybe(2, rare),
      fc.boolean(),
    )
    .map(([condition, age, parentAge, other, reversed]) => {
      const all = [condition, age, parentAge, other].filter((filter) => filter !== null)
      return reversed ? all.reverse() : all
    })
  return say`event('${event}')${joined(filters, '')}`
}

const field = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("property('price')", "property('category')", "property('product_id')") },
  { weight: 1, arbitrary: fc.constantFrom("property('items.sku')", "property('sizes')", "context('page.url')") },
)
/** Their sums depend on the order of addition unless they are exact. */
const numericField = fc.constantFrom("property('price')", "property('sizes')")

/** A reducer that gives a number, and one that gives something else. */
const numberReducer = fc.oneof(
  say`sum(${numericField})`,
  say`avg(${numericField})`,
  say`min(${numericField})`,
  say`max(${numericField} as number)`,
  say`unique(${field}).count()`,
  say`mode(property('price') as number, ${fc.constantFrom(1, 2)})`,
)
const valueReducer = fc.oneof(
  say`first(${field})`,
  say`last(${field})`,
  say`mode(${field}, ${fc.constantFrom(1, 2)})`,
  say`mode(${field} as string)`,
  say`mode(property('sizes') as array, ${fc.constantFrom(1, 2)})`,
  say`min(${field} as string)`,
  say`max(${field} as string)`,
)

/** An event reduced to a value, and the value compared. */
function reductionComparison(depth: number, hasParent: boolean): fc.Arbitrary<Phrase> {
  const events = stream(depth, hasParent)
  return fc.oneof(
    { weight: 6, arbitrary: say`${events}.count() ${countComparison}` },
    { weight: 2, arbitrary: say`${events}.${numberReducer} ${order} ${numberOperand(false)}` },
    { weight: 1, arbitrary: say`${events}.${valueReducer}${textComparator}` },
    {
      weight: 1,
      arbitrary: say`${events}.${fc.constantFrom('first', 'last')}(property('shipped_at'))${dateComparator}`,
    },
    ...(hasParent
      ? [
          { weight: 1, arbitrary: say`${events}.sum(property('price')) ${order} property('price')` },
          { weight: 1, arbitrary: say`${events}.max(property(parent: 'price')) ${order} ${amount}` },
        ]
      : []),
  )
}

/** A comparison of traits that were set: of users and of accounts alike. */
const customTraitComparison = fc.oneof(
  { weight: 3, arbitrary: say`trait('plan') ${fc.constantFrom('=', '!=')} ${quoted(PLANS)}` },
  { weight: 2, arbitrary: say`trait('age') ${relation} ${fc.constantFrom(30, 35, 41)}` },
  { weight: 2, arbitrary: say`trait('VIP') = ${fc.constantFrom("'true'", 'false')}` },
  { weight: 3, arbitrary: say`trait('renewal')${dateComparator}` },
  { weight: 1, arbitrary: say`trait('address.city').${fc.constantFrom('starts_with', 'omits')}('Ber')` },
  { weight: 1, arbitrary: say`trait('address') = ${quoted(CITIES)}` },
  { weight: 1, arbitrary: say`trait('tags')${textComparator}` },
  { weight: 1, arbitrary: say`trait('${fc.constantFrom('meta.v', 'meta\\.v')}').exists()` },
  { weight: 1, arbitrary: say`trait('score') ${order} trait('age')` },
)

/** A comparison of audiences and computed traits, which where there are none are custom traits of the same use. */
function definedTraitComparison(
  audiences: (known: Known) => readonly string[],
  traits: (known: Known) => readonly string[],
): fc.Arbitrary<Phrase> {
  return fc.oneof(
    { weight: 4, arbitrary: say`trait('${key(audiences, 'VIP')}') = ${fc.constantFrom('true', "'false'")}` },
    { weight: 3, arbitrary: say`trait('${key(traits, 'score')}') ${relation} ${amount}` },
    { weight: 2, arbitrary: say`trait('${key(traits, 'plan')}')${textComparator}` },
    { weight: 1, arbitrary: say`trait('${key(traits, 'tags')}').exists()` },
  )
}

/** Definitions that users read: their own, the audiences of their accounts, and (in vain) the traits of those. */
const definedOfUser = definedTraitComparison(
  (known) => [...known.userAudiences, ...known.accountAudiences],
  (known) => [...known.userTraits, ...known.userTraits, ...known.accountTraits],
)
/** Definitions that accounts read outside quantifiers: their own, and (in vain) those of users. */
const definedOfAccount = definedTraitComparison(
  (known) => [...known.accountAudiences, ...known.accountAudiences, ...known.userAudiences],
  (known) => [...known.accountTraits, ...known.accountTraits, ...known.userTraits],
)

/** Conditions joined with AND or OR, some of them negated. */
function junction(leaf: fc.Arbitrary<Phrase>, maxLength: number): fc.Arbitrary<Phrase> {
  const operand = fc.oneof({ weight: 4, arbitrary: leaf }, { weight: 1, arbitrary: say`NOT ( ${leaf} )` })
  const list = fc.array(operand, { minLength: 1, maxLength })
  return fc.oneof(say`${joined(list, ' AND ')}`, say`( ${joined(list, ' OR ')} )`)
}

const userCondition = junction(
  fc.oneof(
    { weight: 5, arbitrary: reductionComparison(3, false) },
    { weight: 2, arbitrary: customTraitComparison },
    { weight: 2, arbitrary: definedOfUser },
  ),
  3,
)

const quantified = say`${fc.constantFrom('ANY', 'ALL', 'NONE', 'ALL NOT', 'any not')} ( ${junction(
  fc.oneof(reductionComparison(2, false), customTraitComparison, definedOfUser),
  2,
)} )`

const accountCondition = junction(
  fc.oneof(
    { weight: 4, arbitrary: quantified },
    { weight: 2, arbitrary: reductionComparison(2, false) },
    { weight: 1, arbitrary: say`trait('plan') = ${quoted(PLANS)}` },
    { weight: 1, arbitrary: say`trait('renewal')${dateComparator}` },
    { weight: 2, arbitrary: definedOfAccount },
  ),
  2,
)

const reducer = fc.oneof(
  { weight: 3, arbitrary: say`count()` },
  { weight: 4, arbitrary: numberReducer },
  { weight: 4, arbitrary: valueReducer },
  { weight: 2, arbitrary: say`unique(${field})` },
  { weight: 1, arbitrary: say`${fc.constantFrom('first', 'last')}(property('shipped_at'))` },
)

type Draft = Omit<DefinitionSource, 'key' | 'query'> & {
  readonly phrase: Phrase
  /** Takes the key of the last definition of users, if nothing has read it yet. */
  readonly sharesKey: boolean
}

const eligibility = fc.oneof(
  { weight: 6, arbitrary: fc.constant({}) },
  { weight: 3, arbitrary: fc.constant({ includeAnonymousUsers: true }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(['email'], ['user_id', 'ios.id'], []).map((ids) => ({ filterByExternalIds: ids })),
  },
)

function drafts(
  kind: DefinitionSource['kind'],
  type: DefinitionSource['type'],
  phrase: fc.Arbitrary<Phrase>,
): fc.Arbitrary<Draft> {
  const options = kind === 'audience' && type === 'USERS' ? eligibility : fc.constant({})
  const sharesKey = type === 'USERS' ? fc.constant(false) : fc.integer({ min: 0, max: 9 }).map((n) => n === 9)
  return fc
    .record({ phrase, options, sharesKey })
    .map(({ options: chosen, ...rest }) => ({ kind, type, ...chosen, ...rest }))
}

const userAudience = drafts('audience', 'USERS', userCondition)
const userTrait = drafts('computed_trait', 'USERS', say`${stream(3, false)}.${reducer}`)
const accountAudience = drafts('audience', 'ACCOUNTS', accountCondition)
const accountTrait = drafts('computed_trait', 'ACCOUNTS', say`${stream(2, false)}.${reducer}`)

function assemble(all: readonly Draft[]): DefinitionSource[] {
  return all.reduce<DefinitionSource[]>((definitions, { phrase, sharesKey, ...draft }, index) => {
    const query = phrase(knownFrom(definitions))
    const own = `${draft.kind === 'audience' ? 'aud' : 'ct'}${index}`
    return [
      ...definitions,
      { ...draft, key: (sharesKey ? unreadUserKey(definitions, query) : undefined) ?? own, query },
    ]
  }, [])
}

/** The key of the last definition of users, where no query reads it, so that a second meaning makes no cycle. */
function unreadUserKey(definitions: readonly DefinitionSource[], query: string): string | undefined {
  const name = definitions.findLast(({ type }) => type === 'USERS')?.key
  const isTaken = definitions.some(({ key: taken, type }) => taken === name && type === 'ACCOUNTS')
  const isRead = [query, ...definitions.map((definition) => definition.query)].some((text) =>
    text.includes(`'${name ?? ''}'`),
  )
  return isTaken || isRead ? undefined : name
}

function knownFrom(definitions: readonly DefinitionSource[]): Known {
  const keys = (kind: DefinitionSource['kind'], type: DefinitionSource['type']) =>
    definitions
      .filter((definition) => definition.kind === kind && definition.type === type)
      .map(({ key: name }) => name)
  return {
    userAudiences: keys('audience', 'USERS'),
    userTraits: keys('computed_trait', 'USERS'),
    accountAudiences: keys('audience', 'ACCOUNTS'),
    accountTraits: keys('computed_trait', 'ACCOUNTS'),
  }
}

export interface DefinitionConstraints {
  readonly minLength?: number
  readonly maxLength?: number
  /** False: definitions of users only. */
  readonly accounts?: boolean
}

/** Sets of 1 to 8 definitions, unless told otherwise. */
export function definitionSets(constraints: DefinitionConstraints = {}): fc.Arbitrary<DefinitionSource[]> {
  const { minLength = 1, maxLength = 8, accounts = true } = constraints
  const ofUsers = [
    { weight: 5, arbitrary: userAudience },
    { weight: 3, arbitrary: userTrait },
  ]
  const ofAccounts = [
    { weight: 2, arbitrary: accountAudience },
    { weight: 1, arbitrary: accountTrait },
  ]
  const draft = fc.oneof(...ofUsers, ...(accounts ? ofAccounts : []))
  return fc
    .tuple(fc.array(draft, { minLength, maxLength, size: 'max' }), fc.nat({ max: maxLength }))
    .map(([all, turn]) => rotated(assemble(all), turn))
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const turn = by % Math.max(1, items.length)
  return [...items.slice(turn), ...items.slice(0, turn)]
}
