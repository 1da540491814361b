import { expect, test } from 'vitest'
import { listContacts, readForm } from '../../api/contacts.ts'
import { addressOf } from './request.ts'

test('an address carries its parameters, and only what is asked of the query', () => {
  expect(addressOf(readForm, { params: { contactId: 'a b' } })).toBe('/api/v1/contacts/a%20b/form')
  expect(addressOf(listContacts, { query: { text: '睡眠', mine: undefined, suffix: '', limit: 50 } })).toBe(
    '/api/v1/contacts?text=%E7%9D%A1%E7%9C%A0&limit=50',
  )
})
