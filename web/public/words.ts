/** The few words the public page's script says; everything else stands in index.html in both languages. */

/** Languages of the page. */
export type PageLanguage = 'zh-CN' | 'en'

const words = {
  callHere: ['用这个网页通话', 'Call from this page'],
  onDuty: ['咨询员在岗', 'Counsellors are on duty'],
  nobody: [
    '现在没有咨询员在岗，可以留言或请我们回拨',
    'No counsellor is on duty now; you can leave a message or ask for a call-back',
  ],
  closed: ['现在不在服务时间', 'Closed at this hour'],
  askMicrophone: ['请允许使用麦克风', 'Please allow the microphone'],
  connecting: ['正在接通…', 'Connecting…'],
  talking: ['已接通，请听语音', 'Connected, please listen'],
  ended: ['通话已结束。需要的时候，请再打来。', 'The call has ended. Call again whenever you need us.'],
  noMicrophone: [
    '浏览器没有允许使用麦克风，所以没有接通。请在地址栏旁允许麦克风后再试，或用电话拨打上面的号码。',
    'The browser does not allow the microphone, so the call was not made. Allow it beside the address and try again, or dial the number above.',
  ],
  insecure: [
    '这个地址不能在网页上通话（不是安全连接），请用电话拨打上面的号码。',
    'This address cannot call from the page (not a secure connection). Please dial the number above.',
  ],
  failed: [
    '没有接通。请再试一次，或用电话拨打上面的号码。',
    'The call did not get through. Please try again, or dial the number above.',
  ],
  away: [
    '现在读不到线路信息。请用电话拨打热线；有生命危险请拨打 110 或 120。',
    'The lines cannot be read now. Please dial the hotline; if life is in danger call 110 or 120.',
  ],
} as const

/** A key of the words. */
export type PageWord = keyof typeof words

/** An element that says a pair of words (中文, English); the page shows the present language. */
export function spans(pair: readonly [string, string]): DocumentFragment {
  const both = document.createDocumentFragment()
  for (const [place, language] of (['zh-CN', 'en'] as const).entries()) {
    const span = document.createElement('span')
    span.lang = language
    span.textContent = pair[place] ?? ''
    both.append(span)
  }
  return both
}

/** An element that says a key in both languages. */
export const inBoth = (key: PageWord): DocumentFragment => spans(words[key])
