/** The catalogue as an API shows it. */
import { describe, expect, it } from 'vitest'
import { catalogueEntries } from '../../../destinations/catalogue/catalogue.ts'
import { checkField, describedTool, listedTools } from '../../../destinations/catalogue/description.ts'
import { refusalOfType } from '../../../destinations/registry.ts'

const shown = catalogueEntries().filter(({ availability }) => availability !== 'denied')

describe('the tools', () => {
  it('are listed that are not denied', () => {
    expect(listedTools().map(({ slug }) => slug)).toEqual(shown.map(({ slug }) => slug))
  })

  it('are all described as plain data, with a schema that names their settings', () => {
    for (const { slug } of shown) {
      const described = describedTool(slug) as { settings: { properties: object }; secrets: string[]; hosts: string[] }
      expect(structuredClone(described)).toEqual(described)
      const settings = Object.keys(described.settings.properties)
      expect(settings).toEqual(expect.arrayContaining(['mappings', 'batching', ...described.hosts]))
    }
  })

  it('that are denied are as good as none', () => {
    for (const { slug, availability } of catalogueEntries())
      if (availability === 'denied') expect(describedTool(slug)).toBeUndefined()
  })

  it('keep keys secret that their definitions have as plain text', () => {
    expect(describedTool('actions-absmartly')).toMatchObject({
      secrets: expect.arrayContaining(['apiKey']) as string[],
    })
  })
})

describe('a field', () => {
  it('has choices if the tool lists them, for all of it or a part', () => {
    const check = (action: string, field: string) => () => checkField('actions-hubspot-cloud', { action, field })
    expect(check('upsertObject', 'properties')).not.toThrow()
    expect(check('upsertObject', 'object_details.object_type')).not.toThrow()
    expect(check('upsertObject', 'properties_of')).toThrow(expect.objectContaining({ field: 'field' }))
    expect(check('upsertContact', 'email')).toThrow(
      'field: expected none, as upsertContact has no such fields, got another',
    )
    expect(check('fly', 'email')).toThrow(/^action: expected one of .*upsertContact/)
    expect(() => checkField('webhook', { action: 'a', field: 'b' })).toThrow(expect.objectContaining({ field: 'id' }))
  })
})

describe('a type that cannot be made', () => {
  it.each([
    ['braze', '', /such as actions-braze-cloud, actions-braze-cohorts, got another$/],
    ['classic-klaviyo', 'Klaviyo', /such as actions-klaviyo, got another$/],
    ['a-tool', 'Facebook Audiences', /such as actions-facebook-custom-audiences/],
    ['nothing-like-it', '', /^expected one of webhook, csv, .*, console, or of the catalogue, got another$/],
    ['', '', /^expected one of webhook, csv, .*, console, or of the catalogue, got another$/],
    ['actions-s3-csv', '', /^AWS S3 CSV is not offered here: opens connections/],
  ])('%s (%s) is refused with others, or with the reason', (slug, name, message) => {
    expect(refusalOfType(slug, name)).toMatch(message)
  })
})
