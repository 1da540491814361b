/* What stands in the demonstration's directory. Only the public numbers are real; every other place is invented. */
import { hoursOf, resourceFields, type ResourceFields } from '../../domain/resource.ts'

const real = [
  {
    organisation: '公安报警',
    phone: '110',
    needs: ['emergency'],
    referral: '正在发生的危险、寻人、家庭暴力现场。说清地点。',
  },
  {
    organisation: '医疗急救',
    phone: '120',
    needs: ['emergency', 'medical'],
    referral: '中毒、外伤、昏迷。说清地点、人数、服了什么。',
  },
  {
    organisation: '消防救援',
    phone: '119',
    needs: ['emergency'],
    referral: '有人在高处或水边、火灾、被困。',
  },
  {
    organisation: '全国统一心理援助热线',
    phone: '12356',
    needs: ['crisis-line'],
    referral: '求助者在外地时，可改拨当地热线。',
  },
]

const invented = [
  {
    organisation: '示例市精神卫生中心',
    service: '二十四小时急诊',
    region: '440100',
    needs: ['psychiatric-emergency', 'bed'],
    phone: '020-0000 0010',
    address: '示例路 1 号急诊楼',
    referral: '先打急诊电话说明情况，尽量有家人陪同。',
  },
  {
    organisation: '示例市精神卫生中心',
    service: '心理门诊',
    region: '440100',
    needs: ['psychiatric-clinic', 'counselling'],
    hours: '1-5 08:00-17:30; 6 08:00-12:00',
    phone: '020-0000 0011',
    address: '示例路 1 号门诊楼三层',
    referral: '带身份证，提前一天预约。',
    languages: ['普通话', '粤语'],
  },
  {
    organisation: '示例区妇女儿童庇护所',
    region: '440106',
    needs: ['shelter', 'domestic-violence'],
    populations: ['women-children'],
    phone: '020-0000 0020',
    referral: '由咨询员直接转接；地址保密。',
  },
  {
    organisation: '示例市法律援助中心',
    region: '440100',
    needs: ['legal', 'work', 'domestic-violence'],
    hours: '1-5 09:00-17:00',
    phone: '020-0000 0030',
    address: '示例大道 30 号',
  },
  {
    organisation: '示例区未成年人保护工作站',
    region: '440106',
    needs: ['child-protection', 'school'],
    populations: ['child-hardship', 'orphan', 'student'],
    phone: '020-0000 0040',
  },
  {
    organisation: '示例哀伤支持小组',
    service: '每周四晚线上小组',
    region: '000000',
    needs: ['bereavement', 'peer'],
    populations: ['bereaved'],
    hours: '4 19:30-21:00',
    phone: '020-0000 0050',
    referral: '第一次参加前先通一次电话。',
  },
  {
    organisation: '示例街道社区食堂',
    region: '440106',
    needs: ['food', 'elder-care', 'community'],
    populations: ['elderly-alone', 'elderly-hardship'],
    hours: '1-7 07:00-19:00',
    address: '示例街 8 号',
  },
]

const daysBefore = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10)

/** The entries; one was verified so long ago that it asks to be verified again. */
export const demoResources = (today: string): ResourceFields[] => [
  ...real.map((entry) => resourceFields.parse({ ...entry, region: '000000', verifiedOn: today })),
  ...invented.map(({ hours, ...entry }, place) =>
    resourceFields.parse({
      ...entry,
      hours: hours === undefined ? { always: true } : hoursOf(hours),
      verifiedOn: daysBefore(today, place === 3 ? 200 : 20 + place),
    }),
  ),
]
