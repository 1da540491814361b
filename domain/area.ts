/** A place from what was noted of the caller's region: a GB/T 2260 code or plain words, so that the same place compares equal. */

/** The provinces of GB/T 2260 by their first two digits, in the short form people say. */
const provinces: Readonly<Record<string, string>> = {
  11: '北京',
  12: '天津',
  13: '河北',
  14: '山西',
  15: '内蒙古',
  21: '辽宁',
  22: '吉林',
  23: '黑龙江',
  31: '上海',
  32: '江苏',
  33: '浙江',
  34: '安徽',
  35: '福建',
  36: '江西',
  37: '山东',
  41: '河南',
  42: '湖北',
  43: '湖南',
  44: '广东',
  45: '广西',
  46: '海南',
  50: '重庆',
  51: '四川',
  52: '贵州',
  53: '云南',
  54: '西藏',
  61: '陕西',
  62: '甘肃',
  63: '青海',
  64: '宁夏',
  65: '新疆',
  71: '台湾',
  81: '香港',
  82: '澳门',
}
const municipalities = ['北京', '天津', '上海', '重庆', '香港', '澳门']
const ending = /^(?:特别行政区|维吾尔自治区|壮族自治区|回族自治区|自治区|省|市)/
/** Where a prefecture's name ends; what follows is a county or a street, too small to compare. */
const prefecture = /^(.{2,12}?)(?:市|地区|自治州|州|盟)/

/** A place of at most two parts: province and prefecture. Either may be unknown; both unknown is no place. */
export interface Area {
  province: string | null
  prefecture: string | null
}

function fromCode(code: string): Area | null {
  const province = provinces[code.slice(0, 2)]
  if (province === undefined) return null
  const whole = code.slice(2, 4) === '00' || code.length < 4 || municipalities.includes(province)
  return { province, prefecture: whole ? null : `${code.slice(0, 4)}00` }
}

/** Somebody's words: "湖北省武汉市江夏区", "湖北武汉" and "武汉市" all name 武汉. */
function fromWords(words: string): Area | null {
  const province = Object.values(provinces).find((name) => words.startsWith(name)) ?? null
  const rest = province === null ? words : words.slice(province.length).replace(ending, '')
  if (province !== null && (municipalities.includes(province) || rest === ''))
    return { province, prefecture: null }
  const name = prefecture.exec(rest)?.[1] ?? rest
  return name === '' ? null : { province, prefecture: name }
}

/** The area of a region as it was answered, or null when it names none. */
export function areaOf(region: string | null): Area | null {
  const words = (region ?? '').normalize('NFKC').replace(/[\s,、·.-]+/g, '')
  if (/^\d{2}(?:\d{2}){0,2}(?:\d{3}){0,2}$/.test(words)) return fromCode(words)
  return /^\d*$/.test(words) ? null : fromWords(words.slice(0, 60))
}

/**
 * The names under which an area is compared: its prefecture, by itself because many leave the province out, and its province.
 */
export const areaNames = (area: Area): string[] =>
  [area.prefecture, area.province].filter((name): name is string => name !== null)
