/** Words of the page where consent is taken back. Each entry: 中文, English. */
export const withdrawWords = {
  service: ['服务', 'Service'],
  recording: ['录音', 'Recording'],
  screening: ['量表筛查', 'Screening'],
  'follow-up': ['回访', 'Follow-up calls'],
  referral: ['转介', 'Referral'],
  disclosure: ['把资料告诉别人', 'Telling others'],
  research: ['研究与培训', 'Research and training'],
  given: ['您同意过', 'you agreed'],
  refused: ['您没有同意', 'you did not agree'],
  withdrawn: ['已撤回', 'taken back'],
  takeBack: ['撤回', 'Take back'],
  sure: ['确定撤回', 'Take it back now'],
  done: ['已撤回。', 'Taken back.'],
  doneRecording: [
    '已撤回。录音已封存，任何人都不能再听。',
    'Taken back. The sound is sealed and nobody can hear it any more.',
  ],
  doneFollowUp: ['已撤回。不会再打回访电话。', 'Taken back. There will be no follow-up calls.'],
  live: [
    '通话还没有结束，请直接告诉咨询员停止录音。',
    'The call is still going on: just tell the counsellor to stop recording.',
  ],
  nothing: ['这次通话没有需要同意的事项。', 'Nothing was agreed to in this contact.'],
  invalid: ['这个码不对，请核对后再试。', 'This code is not right. Please check it.'],
  locked: [
    '输错次数较多，请一小时后再试，或打电话请我们撤回。',
    'Too many wrong tries. Try again in an hour, or call us to take it back.',
  ],
  busy: ['现在请求太多，请过一分钟再试。', 'Too many requests just now. Please try again in a minute.'],
  failed: ['没有成功，请稍后再试，或打电话请我们撤回。', 'It did not work. Try again later, or call us.'],
} as const satisfies Record<string, readonly [string, string]>

/** A key of the words. */
export type WithdrawWord = keyof typeof withdrawWords
