/**
 * Places by their GB/T 2260 codes: provinces and prefectures by name. Codes of counties are accepted without a name: the
 * state changes them every year, and a wrong name is worse than none. Left out besides: the counties that a province
 * governs directly (for example 429004), which are accepted as counties are.
 */

/** A place with its six-digit code. */
export interface Place {
  code: string
  zh: string
  en: string
}

/** The code that stands for the whole country. */
export const wholeCountry = '000000'

/** A six-digit code that can be a place. */
export const regionPattern = /^(000000|[1-8]\d{5})$/

const provinceNames = `11 北京 Beijing|12 天津 Tianjin|13 河北 Hebei|14 山西 Shanxi|15 内蒙古 Inner Mongolia|21 辽宁 Liaoning
22 吉林 Jilin|23 黑龙江 Heilongjiang|31 上海 Shanghai|32 江苏 Jiangsu|33 浙江 Zhejiang|34 安徽 Anhui|35 福建 Fujian
36 江西 Jiangxi|37 山东 Shandong|41 河南 Henan|42 湖北 Hubei|43 湖南 Hunan|44 广东 Guangdong|45 广西 Guangxi
46 海南 Hainan|50 重庆 Chongqing|51 四川 Sichuan|52 贵州 Guizhou|53 云南 Yunnan|54 西藏 Xizang|61 陕西 Shaanxi
62 甘肃 Gansu|63 青海 Qinghai|64 宁夏 Ningxia|65 新疆 Xinjiang|71 台湾 Taiwan|81 香港 Hong Kong|82 澳门 Macao`

const prefectureNames: Readonly<Record<string, string>> = {
  13: '01石家庄 02唐山 03秦皇岛 04邯郸 05邢台 06保定 07张家口 08承德 09沧州 10廊坊 11衡水',
  14: '01太原 02大同 03阳泉 04长治 05晋城 06朔州 07晋中 08运城 09忻州 10临汾 11吕梁',
  15: '01呼和浩特 02包头 03乌海 04赤峰 05通辽 06鄂尔多斯 07呼伦贝尔 08巴彦淖尔 09乌兰察布 22兴安盟 25锡林郭勒盟 29阿拉善盟',
  21: '01沈阳 02大连 03鞍山 04抚顺 05本溪 06丹东 07锦州 08营口 09阜新 10辽阳 11盘锦 12铁岭 13朝阳 14葫芦岛',
  22: '01长春 02吉林市 03四平 04辽源 05通化 06白山 07松原 08白城 24延边',
  23: '01哈尔滨 02齐齐哈尔 03鸡西 04鹤岗 05双鸭山 06大庆 07伊春 08佳木斯 09七台河 10牡丹江 11黑河 12绥化 27大兴安岭',
  32: '01南京 02无锡 03徐州 04常州 05苏州 06南通 07连云港 08淮安 09盐城 10扬州 11镇江 12泰州 13宿迁',
  33: '01杭州 02宁波 03温州 04嘉兴 05湖州 06绍兴 07金华 08衢州 09舟山 10台州 11丽水',
  34: '01合肥 02芜湖 03蚌埠 04淮南 05马鞍山 06淮北 07铜陵 08安庆 10黄山 11滁州 12阜阳 13宿州 15六安 16亳州 17池州 18宣城',
  35: '01福州 02厦门 03莆田 04三明 05泉州 06漳州 07南平 08龙岩 09宁德',
  36: '01南昌 02景德镇 03萍乡 04九江 05新余 06鹰潭 07赣州 08吉安 09宜春 10抚州 11上饶',
  37: '01济南 02青岛 03淄博 04枣庄 05东营 06烟台 07潍坊 08济宁 09泰安 10威海 11日照 13临沂 14德州 15聊城 16滨州 17菏泽',
  41: '01郑州 02开封 03洛阳 04平顶山 05安阳 06鹤壁 07新乡 08焦作 09濮阳 10许昌 11漯河 12三门峡 13南阳 14商丘 15信阳 16周口 17驻马店',
  42: '01武汉 02黄石 03十堰 05宜昌 06襄阳 07鄂州 08荆门 09孝感 10荆州 11黄冈 12咸宁 13随州 28恩施',
  43: '01长沙 02株洲 03湘潭 04衡阳 05邵阳 06岳阳 07常德 08张家界 09益阳 10郴州 11永州 12怀化 13娄底 31湘西',
  44: '01广州 02韶关 03深圳 04珠海 05汕头 06佛山 07江门 08湛江 09茂名 12肇庆 13惠州 14梅州 15汕尾 16河源 17阳江 18清远 19东莞 20中山 51潮州 52揭阳 53云浮',
  45: '01南宁 02柳州 03桂林 04梧州 05北海 06防城港 07钦州 08贵港 09玉林 10百色 11贺州 12河池 13来宾 14崇左',
  46: '01海口 02三亚 03三沙 04儋州',
  51: '01成都 03自贡 04攀枝花 05泸州 06德阳 07绵阳 08广元 09遂宁 10内江 11乐山 13南充 14眉山 15宜宾 16广安 17达州 18雅安 19巴中 20资阳 32阿坝 33甘孜 34凉山',
  52: '01贵阳 02六盘水 03遵义 04安顺 05毕节 06铜仁 23黔西南 26黔东南 27黔南',
  53: '01昆明 03曲靖 04玉溪 05保山 06昭通 07丽江 08普洱 09临沧 23楚雄 25红河 26文山 28西双版纳 29大理 31德宏 33怒江 34迪庆',
  54: '01拉萨 02日喀则 03昌都 04林芝 05山南 06那曲 25阿里',
  61: '01西安 02铜川 03宝鸡 04咸阳 05渭南 06延安 07汉中 08榆林 09安康 10商洛',
  62: '01兰州 02嘉峪关 03金昌 04白银 05天水 06武威 07张掖 08平凉 09酒泉 10庆阳 11定西 12陇南 29临夏 30甘南',
  63: '01西宁 02海东 22海北 23黄南 25海南州 26果洛 27玉树 28海西',
  64: '01银川 02石嘴山 03吴忠 04固原 05中卫',
  65: '01乌鲁木齐 02克拉玛依 04吐鲁番 05哈密 23昌吉 27博尔塔拉 28巴音郭楞 29阿克苏 30克孜勒苏 31喀什 32和田 40伊犁 42塔城 43阿勒泰',
}

/** The provinces, municipalities, autonomous and special regions, in the order of their codes. */
export const provinces: readonly Place[] = provinceNames.split(/[|\n]/).map((line) => {
  const [code = '', zh = '', ...en] = line.split(' ')
  return { code: `${code}0000`, zh, en: en.join(' ') }
})

/** The prefectures in the order of their codes; their names have no English of their own. */
export const prefectures: readonly Place[] = Object.entries(prefectureNames).flatMap(([province, names]) =>
  names.split(' ').map((each) => ({
    code: `${province}${each.slice(0, 2)}00`,
    zh: each.slice(2),
    en: each.slice(2),
  })),
)

const byCode = new Map([...provinces, ...prefectures].map((place) => [place.code, place]))
const byName = new Map([...prefectures, ...provinces].map((place) => [place.zh, place.code]))

/** The place of a code with a name of its own; undefined for counties and for the whole country. */
export const placeOf = (code: string): Place | undefined => byCode.get(code)

/** The code of a province or prefecture by its Chinese name, with or without 省, 市, 自治区 …; null when it is neither. */
export function placeNamed(text: string): string | null {
  const name = text.trim()
  const bare = name.replace(/(壮族|回族|维吾尔)?自治区$|特别行政区$|省$|市$/, '')
  return byName.get(name) ?? byName.get(bare) ?? null
}

/** Everything that serves a place, nearest first: itself, its prefecture, its province, the whole country. */
export function servingPlaces(code: string): string[] {
  const own = [code, `${code.slice(0, 4)}00`, `${code.slice(0, 2)}0000`, wholeCountry]
  return own.filter((each, place) => own.indexOf(each) === place)
}

/** The name of a place as people say it, province first: "广东 广州"; of a county its code after its prefecture's name. */
export function placeWords(code: string, language: 'zh-CN' | 'en'): string {
  if (code === wholeCountry) return language === 'en' ? 'Whole country' : '全国'
  const name = (place: Place | undefined): string => (language === 'en' ? place?.en : place?.zh) ?? ''
  const wider = servingPlaces(code).slice(1, -1).toReversed()
  const own = name(byCode.get(code)) || code
  return [...wider.map((each) => name(byCode.get(each))), own].filter(Boolean).join(' ')
}
