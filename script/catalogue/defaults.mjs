/**
 * Chooses to which action of a destination a call of ours goes by default, and with which mapping. Destinations that
 * keep lists get one kind of call, so that no change is sent twice: an identify, or the two track calls. All others
 * get every call for which there is an action.
 */
import { CHOICES, LISTS } from './choices.mjs'

const KEY = 'key'
const context = { personas: { computation_class: 'audience', computation_key: KEY } }
const member = { traits: { [KEY]: true } }
const track = (event) => ({ type: 'track', event, properties: { [KEY]: true }, context })

/** One call of each kind, as src/calls makes it. */
const CALLS = {
  identify: { type: 'identify', ...member, context },
  entered: track('Audience Entered'),
  exited: track('Audience Exited'),
  computed: track('Trait Computed'),
  group: { type: 'group', groupId: 'acme', ...member, context },
}

/** Presets of Segment for linked audiences; all others of type `specificEvent` are about entities or journeys. */
const PRESETS = {
  identify: 'warehouse_audience_membership_changed_identify',
  entered: 'warehouse_audience_entered_track',
  exited: 'warehouse_audience_exited_track',
}

const ENVELOPE = ['type', 'messageId', 'timestamp', 'originalTimestamp', 'receivedAt', 'sentAt', 'integrations']
const USER = ['userId', 'anonymousId', 'context.externalIds', 'context.device', 'context.personas']
const TRACK = ['event', 'properties', 'context.traits', ...USER]

/** Parts of each call that may have a value: an activation adds traits of any name to `traits` or `properties`. */
const CARRIED = {
  identify: ['traits', ...USER],
  entered: TRACK,
  exited: TRACK,
  computed: TRACK,
  group: ['groupId', 'traits', 'context.personas'],
}

/**
 * @param core `{ parseFql, validate, defaultValues }` of Segment's packages
 * @returns by kind of call: `{ action, mapping, audiencesOnly?, unmapped? }`; `audiencesOnly` is true if a call about a
 *   computed trait is refused there, `unmapped` names the fields without which it is, and which only a user can map
 */
export function defaultsOf(folder, definition, core) {
  const chosen = CHOICES[folder] ?? {}
  const ruled = isList(folder, definition) ? routesOfList(definition, core) : routesOfEvents(definition, core)
  const routes = { ...ruled, ...chosen.routes }
  const found = Object.keys(CALLS).filter((call) => routes[call])
  return Object.fromEntries(
    found.map((call) => {
      const action = routes[call]
      const preset = presetsFor(definition, call, core).find(({ partnerAction }) => partnerAction === action)
      const { fields } = definition.actions[action]
      const mapping = { ...core.defaultValues(fields), ...preset?.mapping, ...chosen.mapping?.[action] }
      const isRefused = isList(folder, definition) || refusesTraits(fields) || chosen.audiencesOnly?.includes(call)
      const unmapped = Object.keys(fields).filter(
        (key) =>
          (fields[key].required === true || chosen.needed?.[action]?.includes(key)) && (mapping[key] ?? '') === '',
      )
      const open = unmapped.length > 0 ? unmapped : undefined
      return [call, { action, mapping, audiencesOnly: isRefused || undefined, unmapped: open }]
    }),
  )
}

/** True for an action that looks at the class of a call's definition, and takes no computed trait. */
function refusesTraits(fields) {
  return Object.values(fields).some(({ default: value, choices }) => {
    return value?.['@path'] === '$.context.personas.computation_class' && choices !== undefined
  })
}

/** True for a destination that keeps the members of audiences, and takes nothing else. */
export function isList(folder, { name, audienceConfig }) {
  return LISTS.has(folder) || audienceConfig?.createAudience !== undefined || /audience|cohort|\blists\b/i.test(name)
}

function routesOfList(definition, core) {
  const { actions } = definition
  const membership = presetOf(definition, 'identify')
  if (membership && admits(actions[membership], CALLS.identify, core)) return { identify: membership }
  const [entered, exited] = ['entered', 'exited'].map(
    (call) => presetOf(definition, call) ?? actionNaming(definition, call, core),
  )
  if (entered && exited) return { entered, exited }
  const [only, ...others] = Object.keys(actions)
  const action = others.length === 0 ? only : automatic(definition, 'identify', core)
  if (action && admits(actions[action], CALLS.identify, core)) return { identify: action }
  const admitted = ['entered', 'exited'].filter((call) => action && admits(actions[action], CALLS[call], core))
  return Object.fromEntries(admitted.map((call) => [call, action]))
}

function routesOfEvents(definition, core) {
  return Object.fromEntries(
    Object.keys(CALLS).map((call) => [
      call,
      presetOf(definition, call) ??
        actionNaming(definition, call, core) ??
        automatic(definition, call, core) ??
        subscribed(definition, call, core),
    ]),
  )
}

function presetOf({ presets = [] }, call) {
  const found = presets.find(({ type, eventSlug }) => type === 'specificEvent' && eventSlug === PRESETS[call])
  return found?.partnerAction
}

/** The action whose own subscription names the event of a call: one that takes any track call does not. */
function actionNaming(definition, call, core) {
  const renamed = { ...CALLS[call], event: 'Other' }
  return actionWhere(definition, ({ defaultSubscription: query }) => {
    return matches(query, CALLS[call], core) && !matches(query, renamed, core)
  })
}

function automatic(definition, call, core) {
  const found = presetsFor(definition, call, core).find(({ type, partnerAction: action, mapping }) => {
    const { fields } = definition.actions[action]
    return type === 'automatic' && isFillable(fields, { ...core.defaultValues(fields), ...mapping }, call)
  })
  return found?.partnerAction
}

/** An action that subscribes to the call. Those of which presets say when they are for are for nothing else. */
function subscribed(definition, call, core) {
  const presets = new Set(definition.presets?.map(({ partnerAction }) => partnerAction))
  return actionWhere(definition, ({ fields, defaultSubscription: query }, key) => {
    return (
      !presets.has(key) && matches(query, CALLS[call], core) && isFillable(fields, core.defaultValues(fields), call)
    )
  })
}

function actionWhere({ actions }, test) {
  return Object.keys(actions).find((key) => !actions[key].hidden && test(actions[key], key))
}

/** Presets for a call: those of its name first. */
function presetsFor({ actions, presets = [] }, call, core) {
  const named = presets.filter(({ eventSlug }) => eventSlug !== undefined && eventSlug === PRESETS[call])
  const others = presets.filter((preset) => {
    // Presets of the same destination on devices name actions that are not here.
    return preset.type === 'automatic' && actions[preset.partnerAction] && matches(preset.subscribe, CALLS[call], core)
  })
  return [...named, ...others]
}

/** An action without a subscription takes any call. */
function admits({ defaultSubscription: query }, call, core) {
  return query === undefined || matches(query, call, core)
}

function matches(query, call, { parseFql, validate }) {
  return query !== undefined && validate(parseFql(query), call)
}

/**
 * False if a required field is mapped from what no such call has, such as an IP address. One that is mapped from
 * nothing is for the user to fill.
 */
function isFillable(fields, mapping, call) {
  return Object.entries(mapping).every(([key, value]) => {
    const paths = pathsIn(value)
    return fields[key]?.required !== true || paths.length === 0 || paths.some((path) => isCarried(path, call))
  })
}

/** @param path such as `$.traits.email`; `$.` is the whole call */
function isCarried(path, call) {
  const name = path.replace(/^\$\.?/, '')
  return name === '' || [...ENVELOPE, ...CARRIED[call]].some((part) => name === part || name.startsWith(`${part}.`))
}

function pathsIn(value) {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => (key === '@path' ? [inner] : pathsIn(inner)))
}
