/**
 * Who calls, in the two independent code lists of the founding documents: the four levels of notice 2020-8 and the
 * groups of plan 34. A person may be in several; a level says who is reached first, never how great a risk is.
 */

/** One entry of a code list, in both languages. */
export interface Code {
  code: string
  zh: string
  en: string
}

/** A code of the four-level list. */
export interface LevelCode extends Code {
  level: 1 | 2 | 3 | 4
}

/** A group of plan 34 with the departments responsible for it. */
export interface GroupCode extends Code {
  departments: readonly Department[]
}

/** Departments named by plan 34. */
export const departments = {
  health: { zh: '卫生健康', en: 'Health' },
  'civil-affairs': { zh: '民政', en: 'Civil affairs' },
  'trade-union': { zh: '工会', en: 'Trade union' },
  'youth-league': { zh: '共青团', en: 'Youth league' },
  'womens-federation': { zh: '妇联', en: "Women's federation" },
  'disabled-federation': { zh: '残联', en: "Disabled persons' federation" },
  'political-legal': { zh: '政法委', en: 'Political and legal commission' },
  police: { zh: '公安', en: 'Police' },
  justice: { zh: '司法', en: 'Justice' },
  petitions: { zh: '信访', en: 'Petitions' },
  education: { zh: '教育', en: 'Education' },
  publicity: { zh: '宣传', en: 'Publicity' },
  broadcasting: { zh: '广电', en: 'Broadcasting' },
} as const

/** A department's code. */
export type Department = keyof typeof departments

/** The four levels of notice 2020-8 (facts §1.2 A). */
export const levels: readonly LevelCode[] = [
  {
    code: 'patient-severe',
    level: 1,
    zh: '确诊患者(住院重症及以上)',
    en: 'Confirmed patient, severe, in hospital',
  },
  { code: 'frontline-medical', level: 1, zh: '一线医护人员', en: 'Front-line medical staff' },
  { code: 'disease-control', level: 1, zh: '疾控人员', en: 'Disease-control staff' },
  { code: 'response-management', level: 1, zh: '管理人员', en: 'Managers of the response' },
  { code: 'patient-isolated', level: 2, zh: '居家隔离的轻症患者', en: 'Mild case isolated at home' },
  { code: 'close-contact', level: 2, zh: '密切接触者、疑似患者', en: 'Close contact or suspected case' },
  {
    code: 'fever-outpatient',
    level: 2,
    zh: '到医院就诊的发热患者',
    en: 'Patient with fever seen at hospital',
  },
  {
    code: 'related',
    level: 3,
    zh: '一、二级人群的家属、同事、朋友',
    en: 'Family, colleague or friend of levels 1 and 2',
  },
  {
    code: 'rear-rescue',
    level: 3,
    zh: '后方救援者、组织管理人员、志愿者',
    en: 'Rear rescuer, organiser, volunteer',
  },
  { code: 'affected-area', level: 4, zh: '受防控措施影响的相关人群', en: 'Affected by control measures' },
  { code: 'susceptible', level: 4, zh: '易感人群', en: 'Susceptible person' },
  { code: 'general-public', level: 4, zh: '普通公众', en: 'General public' },
]

const bereaved = [
  'civil-affairs',
  'health',
  'trade-union',
  'youth-league',
  'womens-federation',
  'disabled-federation',
] as const
const hardship = ['civil-affairs', 'womens-federation', 'disabled-federation'] as const
const order = ['political-legal', 'police', 'justice', 'civil-affairs', 'trade-union'] as const
const custody = ['political-legal', 'police', 'civil-affairs', 'justice', 'health', 'petitions'] as const
const everyday = [
  'publicity',
  'broadcasting',
  'education',
  'trade-union',
  'youth-league',
  'womens-federation',
] as const
const care = ['health', 'civil-affairs'] as const

/** The groups of plan 34 (facts §1.2 B), each with its responsible departments. */
export const groups: readonly GroupCode[] = [
  { code: 'patient', zh: '患者', en: 'Patient', departments: care },
  { code: 'recovered-isolated', zh: '治愈隔离患者', en: 'Recovered, in isolation', departments: care },
  { code: 'recovered-home', zh: '治愈归家患者', en: 'Recovered, at home', departments: care },
  { code: 'patient-family', zh: '患者家属', en: "Patient's family", departments: care },
  { code: 'bereaved', zh: '病亡者家属', en: 'Bereaved family', departments: bereaved },
  { code: 'low-income', zh: '低保对象', en: 'Receives minimum living allowance', departments: hardship },
  { code: 'destitute', zh: '特困人员', en: 'Destitute person', departments: hardship },
  {
    code: 'elderly-hardship',
    zh: '特殊困难老年人',
    en: 'Elderly in special hardship',
    departments: hardship,
  },
  { code: 'elderly-alone', zh: '孤寡老人', en: 'Elderly living alone', departments: hardship },
  { code: 'child-hardship', zh: '困境儿童', en: 'Child in hardship', departments: hardship },
  { code: 'orphan', zh: '孤儿', en: 'Orphan', departments: hardship },
  { code: 'homeless', zh: '流浪乞讨人员', en: 'Homeless person', departments: hardship },
  { code: 'disabled', zh: '残疾人', en: 'Person with disability', departments: hardship },
  { code: 'medical-worker', zh: '医务工作者', en: 'Medical worker', departments: ['health'] },
  { code: 'police-officer', zh: '公安民警、辅警', en: 'Police officer or auxiliary', departments: order },
  { code: 'justice-officer', zh: '司法行政干警', en: 'Justice officer', departments: order },
  { code: 'community-worker', zh: '社区工作者', en: 'Community worker', departments: order },
  {
    code: 'grassroots-cadre',
    zh: '基层、下沉干部',
    en: 'Grass-roots or seconded official',
    departments: order,
  },
  { code: 'fallen-family', zh: '殉职者家属', en: 'Family of one who died on duty', departments: order },
  { code: 'detained', zh: '监所被监管人员', en: 'Person in custody', departments: custody },
  { code: 'serving-sentence', zh: '服刑人员', en: 'Serving a sentence', departments: custody },
  { code: 'community-correction', zh: '社区矫正对象', en: 'In community correction', departments: custody },
  { code: 'released', zh: '刑满释放人员', en: 'Released from prison', departments: custody },
  {
    code: 'drug-rehabilitation',
    zh: '强戒、社戒、药物维持人员',
    en: 'In drug rehabilitation',
    departments: custody,
  },
  {
    code: 'severe-disorder',
    zh: '易肇事肇祸严重精神障碍患者',
    en: 'Severe disorder with risk of harm',
    departments: custody,
  },
  {
    code: 'harmed-interests',
    zh: '利益受损群众',
    en: 'Person whose interests were harmed',
    departments: custody,
  },
  { code: 'stranded', zh: '滞留人员', en: 'Stranded person', departments: custody },
  { code: 'student', zh: '学生', en: 'Student', departments: everyday },
  { code: 'employee', zh: '职工', en: 'Employee', departments: everyday },
  { code: 'women-children', zh: '妇女儿童', en: 'Woman or child', departments: everyday },
  {
    code: 'closed-community',
    zh: '封闭小区居民',
    en: 'Resident of a closed community',
    departments: everyday,
  },
]

/** The level of somebody in several entries of the four-level list: the first of them; null when in none. */
export function populationLevel(codes: readonly string[]): 1 | 2 | 3 | 4 | null {
  const own = levels.filter((each) => codes.includes(each.code)).map((each) => each.level)
  return own.length === 0 ? null : own.reduce((first, each) => (each < first ? each : first))
}

/** Every department responsible for somebody in these groups, each once, in catalogue order. */
export function responsible(codes: readonly string[]): Department[] {
  const named = new Set(
    groups.filter((each) => codes.includes(each.code)).flatMap((each) => each.departments),
  )
  return (Object.keys(departments) as Department[]).filter((each) => named.has(each))
}
