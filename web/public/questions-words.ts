/** What the caller's page of questions says besides the questions themselves: 中文, English. */
export const questionWords = {
  loading: ['正在打开…', 'Opening…'],
  title: ['几个问题', 'A few questions'],
  why: [
    '和您通话的咨询员请您回答几个问题，这样能更好地了解您现在的情况。',
    'The counsellor you talked with asks you a few questions, to understand better how you are.',
  ],
  who: [
    '只有帮助您的热线工作人员会看到。不需要说出您是谁。不想回答的可以跳过，随时可以停下。',
    'Only the staff of the hotline who help you will see your answers. You need not say who you are. Skip what you do not want to answer; stop at any time.',
  ],
  noDiagnosis: [
    '这不是考试，没有对错，也不是诊断。结果会由咨询员和您一起看。',
    'This is no examination and no diagnosis; there is no right or wrong. The counsellor will look at it with you.',
  ],
  start: ['开始', 'Begin'],
  back: ['上一题', 'Back'],
  skip: ['跳过这一题', 'Skip this one'],
  next: ['继续', 'Go on'],
  optional: ['可以不答', 'Optional'],
  digits: ['也可以按数字键选择', 'Number keys work too'],
  care: [
    '谢谢您愿意说出来。您不必一个人扛着。',
    'Thank you for telling us. You do not have to carry this alone.',
  ],
  careNow: [
    '如果您现在就想伤害自己，请马上拨打 120 或 110，或者走到有人的地方。',
    'If you want to hurt yourself now, please call 120 or 110 at once, or go where there are people.',
  ],
  careCall: ['也可以现在就打给我们：', 'Or call us now:'],
  careTalking: [
    '如果您正和咨询员通话，请直接告诉对方。这个回答已经传到热线。',
    'If you are on the telephone with a counsellor, please say so. This answer has reached the hotline.',
  ],
  careUnsent: [
    '如果您正和咨询员通话，请直接告诉对方。',
    'If you are on the telephone with a counsellor, please say so.',
  ],
  ready: ['都在这里了', 'That is all'],
  readyAll: ['您回答了所有的问题。', 'You answered every question.'],
  send: ['交给咨询员', 'Give it to the counsellor'],
  sending: ['正在发送…', 'Sending…'],
  toOpen: ['回到没有回答的题', 'Back to the open questions'],
  unsent: [
    '没有发送出去。您的回答还在这个页面上，请检查网络后再试一次。',
    'It was not sent. Your answers are still on this page; please check the network and try again.',
  ],
  thanks: ['谢谢您', 'Thank you'],
  thanksWhy: [
    '咨询员已经收到您的回答，会和您一起看。现在可以关上这个页面。',
    'The counsellor has your answers and will look at them with you. You can close this page now.',
  ],
  invalid: ['这个链接打不开', 'This link does not open'],
  invalidWhy: [
    '链接可能没有复制完整，或者已经被收回。请向咨询员再要一个，或者在电话里直接回答。',
    'It may not have been copied whole, or it was taken back. Please ask the counsellor for a new one, or answer by telephone.',
  ],
  expired: ['这个链接已经过期', 'This link has run out'],
  expiredWhy: [
    '为了保护您，链接只在一段时间内有效。请向咨询员再要一个。',
    'To protect you a link is good for a limited time. Please ask the counsellor for a new one.',
  ],
  used: ['这些问题已经回答过了', 'These questions were answered already'],
  usedWhy: [
    '一个链接只能用一次，您的回答已经在咨询员那里。如果想改动或补充，请告诉咨询员。',
    'A link works once; the counsellor has the answers. Tell the counsellor if you want to change or add something.',
  ],
  away: ['现在连不上', 'No connection now'],
  awayWhy: [
    '请检查网络后再试。着急的话，请直接拨打热线。',
    'Please check the network and try again. If it cannot wait, call the hotline.',
  ],
  tooMany: ['请稍等一会儿', 'One moment, please'],
  tooManyWhy: [
    '打开的次数太多了，请一分钟后再试。',
    'It was opened too often. Please try again in a minute.',
  ],
  again: ['再试一次', 'Try again'],
} as const satisfies Record<string, readonly [string, string]>

/** A key of the words. */
export type QuestionWord = keyof typeof questionWords
