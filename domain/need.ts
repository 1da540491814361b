import type { Code } from './population.ts'

/** What help a resource gives: our own list, from the problems callers bring and from what is needed in practice. */
export const needs: readonly Code[] = [
  { code: 'emergency', zh: '紧急救助（报警、急救、消防）', en: 'Emergency services' },
  { code: 'psychiatric-emergency', zh: '精神科急诊', en: 'Psychiatric emergency' },
  { code: 'bed', zh: '住院床位', en: 'Hospital bed' },
  { code: 'psychiatric-clinic', zh: '精神、心理门诊', en: 'Psychiatric clinic' },
  { code: 'crisis-line', zh: '心理援助热线', en: 'Crisis line' },
  { code: 'counselling', zh: '心理咨询（面询）', en: 'Counselling in person' },
  { code: 'bereavement', zh: '哀伤支持', en: 'Bereavement support' },
  { code: 'peer', zh: '同伴与家属互助', en: 'Peer and family groups' },
  { code: 'rehabilitation', zh: '社区康复', en: 'Rehabilitation in the community' },
  { code: 'substance', zh: '酒精、药物', en: 'Alcohol and drugs' },
  { code: 'medical', zh: '躯体疾病就医', en: 'Medical care' },
  { code: 'epidemic', zh: '疫情信息与就医', en: 'Epidemic information and care' },
  { code: 'child-protection', zh: '未成年人保护', en: 'Child protection' },
  { code: 'domestic-violence', zh: '家庭暴力求助', en: 'Domestic violence' },
  { code: 'shelter', zh: '临时住处、庇护', en: 'Shelter' },
  { code: 'legal', zh: '法律援助', en: 'Legal aid' },
  { code: 'money', zh: '经济救助', en: 'Financial help' },
  { code: 'food', zh: '食物与日用品', en: 'Food and daily goods' },
  { code: 'work', zh: '就业与劳动权益', en: 'Work and labour rights' },
  { code: 'school', zh: '学校与教育', en: 'School' },
  { code: 'elder-care', zh: '养老与照护', en: 'Care for the elderly' },
  { code: 'disability', zh: '残疾人服务', en: 'Services for disability' },
  { code: 'community', zh: '社区与志愿服务', en: 'Community and volunteers' },
  { code: 'other', zh: '其他', en: 'Something else' },
]

/** Whether a code is one of {@link needs}. */
export const isNeed = (code: string): boolean => needs.some((need) => need.code === code)

const ofProblems: Readonly<Record<string, readonly string[]>> = {
  'suicide-self-harm': ['psychiatric-emergency', 'emergency', 'crisis-line'],
  'harm-to-others': ['emergency', 'psychiatric-emergency'],
  grief: ['bereavement'],
  trauma: ['counselling'],
  parenting: ['counselling', 'school'],
  school: ['school'],
  work: ['work'],
  money: ['money'],
  'physical-health': ['medical'],
  'mental-disorder': ['psychiatric-clinic', 'bed', 'rehabilitation'],
  substance: ['substance'],
  violence: ['domestic-violence', 'child-protection', 'shelter', 'legal'],
  isolation: ['community', 'peer'],
  epidemic: ['epidemic'],
  practical: ['community', 'money', 'food'],
}

/** Needs worth looking for when a contact is about these problems (domain/problem-type.ts): an order to look in, no more. */
export const needsFor = (problems: readonly string[]): string[] => [
  ...new Set(problems.flatMap((problem) => ofProblems[problem] ?? [])),
]
