/** The values that only a tool can list, in the editor of its mappings. The tool's definition is answered for here. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { DefinitionQuestion } from '../../destinations/contract/definition-runner.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { ActionField } from '../../web/src/pages/destinations/answers.ts'
import { questionsOf, typedChoice, withChoice } from '../../web/src/pages/destinations/field-question.ts'
import { knownValues } from '../../web/src/pages/destinations/mapping.ts'
import { CHROMIUM, ConsoleBrowser, DESKTOP, findingsOf } from '../support/console-browser.ts'
import { CONFIG, startTestServer, type TestServer } from '../support/server.ts'

const LIST: ActionField = { key: 'list', label: 'List', type: 'string' }
const DETAILS: ActionField = {
  key: 'details',
  label: 'Details',
  type: 'object',
  properties: [
    { key: 'kind', label: 'Kind', type: 'integer', dynamic: true },
    { key: 'note', label: 'Note', type: 'string' },
  ],
}

describe('a question for the values of a field', () => {
  it('is one of the field, of each part whose values are listed, or of the names of parts', () => {
    const asked = (field: ActionField) => questionsOf(field).map(({ field: name, place }) => `${name} ${place}`)
    expect(asked(LIST)).toEqual(['list value'])
    expect(asked({ ...LIST, multiple: true })).toEqual(['list item'])
    expect(asked(DETAILS)).toEqual(['details.kind part'])
    expect(asked({ ...DETAILS, properties: [] })).toEqual(['details.__keys__ key'])
    expect(asked({ ...DETAILS, multiple: true })).toEqual([])
  })

  it('puts what is chosen in its place, and leaves the rest as it is', () => {
    const [part, item, key] = [
      { field: 'details.kind', place: 'part' },
      { field: 'list', place: 'item' },
      { field: 'details.__keys__', place: 'key' },
    ] as const
    expect(withChoice({ field: 'list', place: 'value' }, 'before', 7)).toBe(7)
    expect(withChoice(part, { kind: 1, note: 'n' }, 2)).toEqual({ kind: 2, note: 'n' })
    expect(withChoice(part, { '@path': '$.traits' }, 2)).toEqual({ kind: 2 })
    expect(withChoice(item, undefined, 'a')).toEqual(['a'])
    expect(withChoice(item, ['a'], 'b')).toEqual(['a', 'b'])
    expect(withChoice(item, ['a'], 'a')).toEqual(['a'])
    expect(withChoice(key, { first: '$.x' }, 'second')).toEqual({ first: '$.x', second: '' })
    expect(withChoice(key, { first: '$.x' }, 'first')).toEqual({ first: '$.x' })
  })

  it('takes a typed number as one only where the field is one', () => {
    expect(questionsOf(LIST).map((question) => typedChoice(question, '12'))).toEqual(['12'])
    expect(questionsOf(DETAILS).map((question) => typedChoice(question, '12'))).toEqual([12])
    expect(questionsOf(DETAILS).map((question) => typedChoice(question, 'x'))).toEqual(['x'])
  })

  it('comes with the values of other fields that are known before any call', () => {
    const fields: readonly ActionField[] = [
      { ...LIST, default: 'usual' },
      { ...DETAILS, default: { note: 'n', kind: { '@path': '$.properties.kind' } } },
      { key: 'email', label: 'Email', type: 'string', default: { '@path': '$.traits.email' } },
      { key: 'left', label: 'Left', type: 'string', default: 'out' },
    ]
    const type = { actions: [{ key: 'add', title: 'Add', fields }] } as unknown as Parameters<typeof knownValues>[1]
    const known = knownValues({ action: 'add', calls: [], mapping: { left: null, list: 'own' } }, type)
    expect(known).toEqual({ list: 'own', details: { note: 'n' } })
  })
})

describe.skipIf(CHROMIUM === undefined)('the choices of a field', () => {
  const NAME = 'Ask Hub for the choices of Event Name'
  let server: TestServer
  let browser: ConsoleBrowser
  let id: string
  let asked: DefinitionQuestion[]
  /** The answer of the tool. */
  let answer: (question: DefinitionQuestion) => JsonValue

  beforeAll(async () => {
    server = await startTestServer()
    server.delivery.workers.replaced = {
      definitions: {
        ask: (_, question) => {
          if (question.kind === 'choices') asked.push(question)
          return Promise.resolve(question.kind === 'choices' ? answer(question) : [])
        },
      },
    }
    const settings = {
      oauth: { accessToken: 'at' },
      mappings: [{ action: 'sendCustomBehavioralEvent', calls: ['entered'], mapping: { eventName: 'before' } }],
    }
    const body = { type: 'actions-hubspot-cloud', name: 'Hub', settings }
    const made = await server.control('POST', 'destinations', body)
    id = (made.body['data'] as { destination: { id: string } }).destination.id
    browser = await ConsoleBrowser.open(server.url, CONFIG.accessToken)
  })

  beforeEach(() => {
    asked = []
    answer = (question) =>
      question.kind === 'choices' && question.page === '2'
        ? { choices: [{ value: 'pe1_left', label: 'Left the shop' }] }
        : { choices: [{ value: 'pe1_came', label: 'Came to the shop' }], nextPage: '2' }
  })

  afterAll(async () => {
    await browser.close()
    await server.stop()
  })

  async function opened(width = DESKTOP.width): Promise<Page> {
    const page = await browser.page(`/app/destinations/${id}`, { ...DESKTOP, width })
    await page.getByRole('radio', { name: 'Requests' }).click()
    await page.getByRole('button', { name: NAME }).waitFor()
    return page
  }

  it.each([1440, 390])('come on asking, page by page, and are found, at %i px', async (width) => {
    const page = await opened(width)
    expect(asked).toEqual([])
    const field = page.getByRole('textbox', { name: /^Event Name/ })
    await page.getByRole('button', { name: NAME }).press('Enter')
    await page.getByRole('option', { name: /Came to the shop.*pe1_came/ }).waitFor()
    expect(asked).toMatchObject([
      { action: 'sendCustomBehavioralEvent', field: 'eventName', payload: { eventName: 'before' } },
    ])
    await page.getByRole('button', { name: 'More choices' }).press('Enter')
    await page.getByRole('option', { name: 'Left the shop' }).waitFor()
    expect(await page.getByRole('dialog').getByRole('option').count()).toBe(2)
    expect(await findingsOf(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    await page.getByRole('searchbox').fill('pe1_l')
    await page.getByRole('option', { name: 'Came to the shop' }).waitFor({ state: 'detached' })
    await page.getByRole('searchbox').press('Enter')
    expect(await field.inputValue()).toBe('pe1_left')
    expect(await page.getByRole('dialog').count()).toBe(0)
    await page.getByRole('button', { name: NAME }).and(page.locator(':focus')).waitFor()
    await page.context().close()
  })

  it('leave the focus where it is while a field is typed in, and go with what is discarded', async () => {
    const page = await opened()
    const field = page.getByRole('textbox', { name: /^Event Name/ })
    await field.press('End')
    await page.keyboard.type(' and more')
    expect(await field.inputValue()).toBe('before and more')
    await page.getByRole('button', { name: 'Discard' }).click()
    await expect.poll(() => field.inputValue()).toBe('before')
    await page.context().close()
  })

  it('may be others than the tool has', async () => {
    const page = await opened()
    await page.getByRole('button', { name: NAME }).press('Enter')
    await page.getByRole('searchbox').fill('of my own')
    await page.getByRole('option', { name: 'of my own' }).click()
    expect(await page.getByRole('textbox', { name: /^Event Name/ }).inputValue()).toBe('of my own')
    await page.context().close()
  })

  it('are refused in the words of the tool, which is asked again only on demand', async () => {
    answer = () => ({ choices: [], error: { message: 'The token of the app has run out.', code: '403' } })
    const page = await opened()
    await page.getByRole('button', { name: NAME }).click()
    await page.getByRole('alert').getByText('The token of the app has run out.').waitFor()
    expect(await findingsOf(page)).toEqual([])
    expect(asked).toHaveLength(1)
    answer = () => ({ choices: [{ value: 'pe1_now', label: 'Now' }] })
    await page.getByRole('button', { name: 'Ask again' }).click()
    await page.getByRole('option', { name: 'Now' }).waitFor()
    expect(asked).toHaveLength(2)
    await page.context().close()
  })

  it('are shown without a refusal of the policy, or an error of a script', () => {
    expect(browser.faults).toEqual([])
  })
})
