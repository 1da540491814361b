/** A place to compare by, from what was noted of the caller's region: a GB/T 2260 code or plain words. */
import { placeNamed, placeOf, prefectures, provinces } from './region.ts'

/** Province and prefecture by code; a prefecture that is in no list keeps its words. Either may be unknown. */
export interface Area {
  province: string | null
  prefecture: string | null
}

const ending = /^(?:特别行政区|维吾尔自治区|壮族自治区|回族自治区|自治区|省|市)/
/** Where a name that is in no list ends; what follows is a street, too small to compare. */
const place = /^(.{2,12}?)(?:市|地区|自治州|州|盟|区|县)/

const provinceOf = (code: string): string => `${code.slice(0, 2)}0000`
/** Municipalities and special regions have no prefectures. */
const divided = (province: string): boolean => prefectures.some((each) => provinceOf(each.code) === province)

function fromCode(code: string): Area | null {
  const province = provinceOf(code)
  if (!placeOf(province)) return null
  const narrow = code.slice(2, 4) === '00' || code.length < 4 || !divided(province)
  const prefecture = `${code.slice(0, 4)}00`
  // A county that the province governs directly stands for itself.
  return { province, prefecture: narrow ? null : placeOf(prefecture) ? prefecture : code }
}

/** The prefecture that the words begin with: 武汉市江夏区, but not 朝阳区, which is no 朝阳. */
const prefectureAt = (words: string, province: string | null): string | null =>
  prefectures.find(
    ({ code, zh }) =>
      words.startsWith(zh) &&
      !/^[区县]/.test(words.slice(zh.length)) &&
      (province === null || provinceOf(code) === province),
  )?.code ?? null

/** Somebody's words: "湖北省武汉市江夏区", "湖北武汉" and "武汉市" all name 武汉. */
function fromWords(words: string): Area | null {
  const alone = placeNamed(words) ?? prefectureAt(words, null)
  if (alone !== null) return fromCode(alone)
  const known = provinces.find(({ zh }) => words.startsWith(zh))
  const province = known?.code ?? null
  const rest = known ? words.slice(known.zh.length).replace(ending, '') : words
  if (rest === '' || (province !== null && !divided(province))) return { province, prefecture: null }
  return { province, prefecture: prefectureAt(rest, province) ?? place.exec(rest)?.[1] ?? rest }
}

/** The area of a region as it was answered, or null when it names none. */
export function areaOf(region: string | null): Area | null {
  const words = (region ?? '').normalize('NFKC').replace(/[\s,、·.-]+/g, '')
  if (/^\d{2}(?:\d{2}){0,2}(?:\d{3}){0,2}$/.test(words)) return fromCode(words.slice(0, 6))
  return /^\d*$/.test(words) ? null : fromWords(words.slice(0, 60))
}

/** What an area is compared under: its prefecture, by itself because many leave the province out, and its province. */
export const areaNames = (area: Area): string[] =>
  [area.prefecture, area.province].filter((name): name is string => name !== null)
