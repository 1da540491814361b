/* The directory as a table to download, and an empty one to fill in. */
import { cellsOf, resourceColumns } from '../../domain/resource-row.ts'
import { resourceFields } from '../../domain/resource.ts'
import type { Tx } from '../db/database.ts'
import { entryOf, findAllResources } from './queries.ts'

type Language = 'zh-CN' | 'en'

const headers = (language: Language): string[] =>
  resourceColumns.map((column) => (language === 'en' ? column.en : column.zh))

/** The whole directory as rows of a table, header first. */
export async function tableOf(tx: Tx, language: Language): Promise<string[][]> {
  const rows = await findAllResources(tx)
  return [headers(language), ...rows.map((row) => cellsOf(entryOf(row), row.resource_id, language))]
}

const invented: Record<Language, object[]> = {
  'zh-CN': [
    {
      organisation: '示例市精神卫生中心',
      service: '心理门诊',
      needs: ['psychiatric-clinic', 'bed'],
      address: '示例路 1 号',
      referral: '带身份证，提前一天预约',
      languages: ['普通话', '粤语'],
    },
    { organisation: '示例区庇护所', referral: '由咨询员直接转接' },
  ],
  en: [
    {
      organisation: 'Example City Mental Health Centre',
      service: 'Outpatient clinic',
      needs: ['psychiatric-clinic', 'bed'],
      address: '1 Example Road',
      referral: 'Bring an identity card, book a day ahead',
      languages: ['Mandarin', 'Cantonese'],
    },
    { organisation: 'Example District Shelter', referral: 'Put through by the counsellor' },
  ],
}

const days = [1, 2, 3, 4, 5].map((day) => ({ day, from: '08:00', to: '17:30' }))

/** A table with two invented examples, to be overwritten: one of a place open by day, one that is always open. */
export function templateOf(language: Language): string[][] {
  const [clinic, shelter] = invented[language]
  const examples = [
    { ...clinic, region: '440100', phone: '020-00000000', hours: { always: false, days } },
    {
      ...shelter,
      region: '440106',
      needs: ['shelter', 'domestic-violence'],
      populations: ['women-children'],
      phone: '020-00000001',
      verifiedOn: '2026-11-01',
      verifyBy: '2027-05-01',
    },
  ]
  return [headers(language), ...examples.map((each) => cellsOf(resourceFields.parse(each), '', language))]
}
