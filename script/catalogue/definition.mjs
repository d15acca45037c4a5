/** Turns a definition of Segment's into data, for an API, a console or an adapter that does not load it. */
import { availabilityOf, needsOf } from './availability.mjs'
import { categoriesOf } from './categories.mjs'
import { defaultsOf, isList } from './defaults.mjs'
import { environmentIn, sourcesOf } from './sources.mjs'

const SECRET_LABEL = /\b(?:api|auth)\b.*\b(?:key|token)$/i

/** @param entry of Segment's manifest @returns the line of the index, and the file, of one destination */
export function describeDestination({ definition, directory: folder, path }, core) {
  const { slug, name, audienceConfig, presets = [] } = definition
  const authentication = definition.authentication?.scheme ?? 'none'
  const environment = environmentIn(sourcesOf(path))
  const { availability, reason } = availabilityOf(folder)
  // Nobody fills the fields of what is never offered, and one has a megabyte of them.
  const fieldsOf = availability === 'denied' ? () => [] : describeFields
  const actions = Object.entries(definition.actions).map(([key, action]) => describeAction(key, action, fieldsOf))
  const ownPresets = presets.filter(({ partnerAction }) => definition.actions[partnerAction]).map(describePreset)
  const kind = isList(folder, definition) ? 'list' : 'event'
  const entry = {
    slug,
    folder,
    name: name.trim(),
    description: textOf(definition.description),
    kind,
    authentication,
    actions: actions.length,
    presets: ownPresets.length,
    hasAudiences: audienceConfig?.createAudience !== undefined,
    batches: actions.some(({ batches }) => batches),
    needs: needsOf(folder, authentication, environment),
    environment,
    availability,
    reason,
    categories: categoriesOf(folder),
  }
  const file = {
    slug,
    folder,
    name: name.trim(),
    kind,
    authentication,
    settings: fieldsOf(definition.authentication?.fields).map(asSetting),
    audienceSettings: fieldsOf(definition.audienceFields).map(asSetting),
    audienceMode: audienceConfig?.mode,
    hasCreateAudience: audienceConfig?.createAudience !== undefined,
    hasGetAudience: audienceConfig?.getAudience !== undefined,
    hasTest: definition.authentication?.testAuthentication !== undefined,
    hasDelete: definition.onDelete !== undefined,
    hasRefresh: definition.authentication?.refreshAccessToken !== undefined,
    extendsRequest: definition.extendRequest !== undefined,
    actions,
    presets: ownPresets,
    defaults: defaultsOf(folder, definition, core),
  }
  return { entry, file }
}

function describeAction(key, action, fieldsOf) {
  const { title, description, fields, hooks = {}, dynamicFields = {} } = action
  return {
    key,
    title: title.trim(),
    description: textOf(description),
    hidden: action.hidden || undefined,
    defaultSubscription: textOf(action.defaultSubscription),
    batches: action.performBatch !== undefined,
    batchSize: numberOf(fields.batch_size?.default),
    batchKeys: fields.batch_keys?.default ?? [],
    syncMode: action.syncMode && { default: action.syncMode.default, choices: choicesOf(action.syncMode.choices) },
    hooks: Object.keys(hooks),
    fields: fieldsOf(fields),
    dynamicFields: Object.keys(dynamicFields),
  }
}

function describePreset({ name, type, partnerAction, subscribe, eventSlug, mapping = {} }) {
  return { name, type, action: partnerAction, subscribe: textOf(subscribe), eventSlug, mapping }
}

function describeFields(fields = {}) {
  return Object.entries(fields).map(([key, field]) => describeField(key, field))
}

/** A few definitions have the key of an API as plain text. */
function asSetting(field) {
  return field.type === 'string' && SECRET_LABEL.test(field.label) ? { ...field, type: 'password' } : field
}

function describeField(key, field) {
  return {
    key,
    label: field.label,
    description: textOf(field.description),
    type: field.type,
    required: field.required || undefined,
    default: field.type === 'password' ? undefined : field.default,
    choices: choicesOf(field.choices),
    dynamic: field.dynamic || undefined,
    multiple: field.multiple || undefined,
    properties: field.properties && describeFields(field.properties),
    additionalProperties: field.additionalProperties,
    format: field.format,
    minimum: field.minimum,
    maximum: field.maximum,
    readOnly: field.readOnly || undefined,
    hidden: field.unsafe_hidden || undefined,
    dependsOn: field.depends_on,
  }
}

function choicesOf(choices) {
  return choices?.map((choice) => (typeof choice === 'object' ? choice : { label: String(choice), value: choice }))
}

function numberOf(value) {
  return typeof value === 'number' ? value : undefined
}

/** In one line; undefined if it is empty. */
function textOf(text) {
  return text?.trim().replaceAll(/\s+/g, ' ') || undefined
}
