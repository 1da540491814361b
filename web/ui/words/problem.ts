/** What every refusal means to the person who meets it: what happened, and what to do. Each entry: 中文, English. */
export const problem = {
  'problem.network': [
    '连不上服务器。请检查网络；已经保存的内容是安全的。',
    'The server cannot be reached. Check the network; what was saved is safe.',
  ],
  'problem.request.malformed': [
    '填写的内容有一处格式不对，请检查后再试。',
    'Something was filled in in a form that cannot be read. Please check it.',
  ],
  'problem.request.tooLarge': ['内容太大，请减小后再试。', 'This is too large. Please make it smaller.'],
  'problem.request.tooMany': ['请求太频繁，请稍等片刻再试。', 'Too many requests. Please wait a moment.'],
  'problem.request.notFound': ['没有找到。', 'Not found.'],
  'problem.session.needed': ['请先登录。', 'Please log in first.'],
  'problem.session.wrongName': [
    '用户名或口令不对，请再试。',
    'Name or passphrase is not right. Please try again.',
  ],
  'problem.session.locked': [
    '连续输错次数较多，账号暂时锁定。请过几分钟再试，或联系行政管理员。',
    'Too many wrong tries; the account is locked for a while. Try again in a few minutes or ask an administrator.',
  ],
  'problem.session.wrongCode': [
    '验证码不对、已用过或已过期，请用新的再试。',
    'This code is not right, was used before, or came too late. Try with a new one.',
  ],
  'problem.session.notFresh': [
    '这一步需要您再次证明身份。',
    'This step needs you to show again who you are.',
  ],
  'problem.session.notFound': ['这个登录已经结束。', 'This session has ended already.'],
  'problem.factor.notFound': [
    '没有找到这个第二因素；换一种方式再试。',
    'This second factor is not there. Try another way.',
  ],
  'problem.factor.last': [
    '这是最后一个第二因素，不能移除。请先添加另一个。',
    'This is the last second factor and must stay. Add another one first.',
  ],
  'problem.factor.tooMany': [
    '第二因素已经够多了，请先移除一个。',
    'There are enough second factors. Remove one first.',
  ],
  'problem.permission.denied': [
    '您的角色没有这项权限。如果需要，请联系行政管理员。',
    'Your role does not include this. Ask an administrator if you need it.',
  ],
  'problem.setup.linkInvalid': [
    '这个一次性链接已失效。请在服务器上重新启动以得到新的链接。',
    'This one-time link is no longer valid. Restart the server to get a new one.',
  ],
  'problem.setup.alreadyDone': [
    '热线已经建好，请直接登录。',
    'The hotline is already set up. Please log in.',
  ],
  'problem.call.notFound': ['这个通话已经不在了。', 'This call is no longer there.'],
  'problem.call.wrongState': [
    '通话的状态已经变化，这一步现在不能做。',
    'The call has moved on; this cannot be done now.',
  ],
  'problem.call.notYours': ['这个通话不在您的坐席上。', 'This call is not at your seat.'],
  'problem.contact.notFound': ['没有这条服务记录。', 'There is no such contact.'],
  'problem.contact.incomplete': ['还有必填项没有填。', 'Something required is still missing.'],
  'problem.contact.changedElsewhere': ['这份登记表在别处有了更新。', 'This form was changed elsewhere.'],
  'problem.contact.alreadyClosed': [
    '这条记录已经完成，不能再改。',
    'This record is finished and cannot be changed.',
  ],
  'problem.duty.notOn': ['您现在不在岗，请先上岗。', 'You are not on duty. Go on duty first.'],
  'problem.duty.seatTaken': ['这个坐席正在另一个窗口使用。', 'This seat is in use in another window.'],
  'problem.duty.inCall': ['通话还在进行，结束后才能离岗。', 'A call is up; you can go off duty after it.'],
  'problem.duty.wrongState': [
    '现在的在岗状态下不能做这一步。',
    'This cannot be done in your present duty state.',
  ],
  'problem.seat.notFound': ['没有这个坐席。', 'There is no such seat.'],
  'problem.seat.offline': ['那个坐席没有连线。', 'That seat is not connected.'],
  'problem.seat.busy': ['那个坐席正忙。', 'That seat is busy.'],
  'problem.seat.nameTaken': ['这个坐席名称已经有了。', 'There is a seat of this name already.'],
  'problem.line.notFound': ['没有这条线路。', 'There is no such line.'],
  'problem.line.numberTaken': ['这个号码已经用于另一条线路。', 'Another line has this number.'],
  'problem.line.closed': ['这条线路已经关闭。', 'This line is closed.'],
  'problem.person.notFound': ['没有这位工作人员。', 'There is no such member of staff.'],
  'problem.person.nameTaken': ['这个用户名已经有人用。', 'Somebody has this name already.'],
  'problem.person.weakPassphrase': [
    '口令太容易猜到。请至少用 12 个字符，用几个不相关的词最好。',
    'The passphrase is too easy to guess. Use at least 12 characters; several unrelated words are best.',
  ],
  'problem.person.lastAdministrator': [
    '这是最后一位行政管理员，不能停用或去掉其角色。',
    'This is the last administrator, who cannot be disabled or lose the role.',
  ],
  'problem.role.apart': [
    '这些角色不能由同一个人担任（三权分立：系统、安全、审计分开；资料保管与督导分开）。请去掉其中一个。',
    'These roles may not be held by one person (system, security and audit are three people; a custodian is not a supervisor). Take one away.',
  ],
  'problem.role.own': [
    '不能更改自己的角色，也不能批准自己的申请。请另一位同事来做。',
    'Nobody changes their own roles or approves their own request. Ask a colleague.',
  ],
  'problem.role.needsSecurity': [
    '热线已有安全管理员：角色只能由安全管理员授予或更改。',
    'The hotline has a security officer: only they grant or change roles.',
  ],
  'problem.prompt.notFound': ['没有这条语音。', 'There is no such prompt.'],
  'problem.prompt.notAudio': [
    '这个文件不是可用的 WAV 声音。原来的语音没有改变。',
    'This file is not usable WAV sound. The present prompt is unchanged.',
  ],
  'problem.prompt.tooLong': [
    '这段语音太长。原来的语音没有改变。',
    'This recording is too long. The present prompt is unchanged.',
  ],
  'problem.trunk.notFound': ['没有这条中继。', 'There is no such trunk.'],
  'problem.trunk.nameTaken': ['这个中继名称已经有了。', 'There is a trunk of this name already.'],
  'problem.task.notFound': ['没有这项待办。', 'There is no such task.'],
  'problem.task.alreadyOwned': ['这项待办已由别人接手。', 'Somebody else has taken this task.'],
  'problem.recording.notFound': ['没有这段录音。', 'There is no such recording.'],
  'problem.recording.sealed': [
    '求助者撤回了录音同意，这段录音已封存，任何人都不能收听。',
    'The caller took back their consent; this sound is sealed and nobody may hear it.',
  ],
  'problem.recording.away': [
    '存放录音的地方暂时连不上，录音没有丢失，请稍后再试。',
    'The place of this recording cannot be reached now. Nothing is lost; please try again later.',
  ],
  'problem.consent.tooLate': [
    '录音须事先同意，通话之后不能再补。',
    'Recording needs consent beforehand; it cannot be given after the call.',
  ],
  'problem.code.invalid': ['这个号码不对，请核对后再试。', 'This code is not right. Please check it.'],
  'problem.code.locked': [
    '连续输错次数较多，请一小时后再试，或打电话请我们处理。',
    'Too many wrong tries. Try again in an hour, or call us to do it.',
  ],
  'problem.retention.unchanged': ['已经是这样了，没有改变。', 'It is so already; nothing was changed.'],
  'problem.retention.notDue': [
    '其中有的记录还没有到期、正在保全或已在另一份清单上。请重新选择。',
    'Some of these are not due yet, on hold, or on another list. Please choose again.',
  ],
  'problem.disposal.notFound': ['没有这份销毁清单。', 'There is no such disposal list.'],
  'problem.disposal.needsAnother': [
    '提出的人不能批准，每人也只能答复一次；需要另外两个人批准。',
    'Who proposed it cannot approve it, and nobody answers twice; two other people approve.',
  ],
  'problem.disposal.settled': ['这份清单已经有了结果。', 'This list is settled already.'],
  'problem.recording.unreadable': [
    '这段录音读不出来，请告诉资料保管员。',
    'This recording cannot be read. Please tell the custodian.',
  ],
  'problem.transfer.unreachable': [
    '转接没有接通，求助者仍在您这里。',
    'The transfer did not get through; the caller is still with you.',
  ],
  'problem.number.tooMany': [
    '一小时内外呼次数已达上限，没有拨出。求助者有危险时不受限：先把风险评为高危再拨。其他电话请稍后再拨，或请行政管理员在“管理 › 热线”里调高上限。',
    'Calls to the outside have reached the limit of this hour, so this was not dialled. For a caller in danger there is no limit: set the risk to high, then call. Else try later, or ask an administrator to raise it under Administration › Hotline.',
  ],
  'problem.number.notAllowed': [
    '没有中继允许拨打这个号码。需要时请行政管理员在“管理 › 中继”里加上它。',
    'No trunk may dial this number. Where it is needed, ask an administrator to add it under Administration › Trunks.',
  ],
  'problem.form.notFound': ['没有找到这张表单。', 'This form was not found.'],
  'problem.form.invalid': [
    '表单有一处不对，请按提示修改。',
    'The form has a mistake. Please mend what is marked.',
  ],
  'problem.form.coreMissing': [
    '这些题目是热线记录必需的，不能删去。',
    'These questions are needed for the record and cannot be left out.',
  ],
  'problem.form.changedElsewhere': [
    '别人刚改过这张表单。请重新载入后再改，您的内容仍在页面上。',
    'Somebody else has just changed this form. Load it again; what you typed is still on the page.',
  ],
  'problem.form.nothingToPublish': ['没有需要发布的改动。', 'There is no change to publish.'],
  'problem.answers.invalid': [
    '有一个答案与表单不符，请检查。',
    'An answer does not fit the form. Please check it.',
  ],
  'problem.instrument.notFound': ['没有找到这个量表。', 'This scale was not found.'],
  'problem.instrument.noText': [
    '这个量表的题目文字还没有载入。请行政管理员确认授权后载入。',
    'The wording of this scale is not loaded yet. An administrator can load it after confirming the licence.',
  ],
  'problem.instrument.licenceNeeded': [
    '请先确认您有权使用这个量表的文字。',
    'Please confirm first that you may use the wording of this scale.',
  ],
  'problem.link.invalid': [
    '这个链接不对。请向咨询员再要一个。',
    'This link is not right. Please ask your counsellor for another.',
  ],
  'problem.link.expired': [
    '这个链接已经过期。请向咨询员再要一个。',
    'This link has expired. Please ask your counsellor for another.',
  ],
  'problem.link.used': [
    '这个链接已经用过了，您的回答已收到。',
    'This link has been used; your answers have arrived.',
  ],
  'problem.protocol.notFound': ['没有找到这个流程。', 'This protocol was not found.'],
  'problem.protocol.stepOpen': [
    '还有必须完成的步骤，请完成，或写明为什么不能做。',
    'Required steps are still open: finish them, or write why they cannot be done.',
  ],
  'problem.protocol.changedElsewhere': [
    '别人刚改过这一步，已载入最新内容。',
    'Somebody else has just changed this step; the newest is shown.',
  ],
  'problem.risk.needsReason': ['降低风险等级需要写明理由。', 'Lowering the risk level needs a reason.'],
  'problem.risk.needsSupervisor': [
    '降低风险等级需要督导员同意，请提出申请。',
    'Lowering the risk level needs a supervisor. Please ask for it.',
  ],
  'problem.risk.needsAnother': [
    '降低风险等级要由另一位督导员同意。',
    'Another supervisor than yourself must agree to lower the level.',
  ],
  'problem.report.notFound': ['没有找到这份上报。', 'This report was not found.'],
  'problem.report.notYours': [
    '这份上报要由别人确认：不能确认自己的来电，或您不在应确认的组里。',
    'Somebody else must acknowledge this: it is your own call, or it is for the other group.',
  ],
  'problem.report.alreadyAcknowledged': ['已经有人确认了。', 'Somebody has already acknowledged it.'],
  'problem.exception.notFound': ['没有找到这条保密例外。', 'This exception was not found.'],
  'problem.incident.notFound': ['没有找到这个事件。', 'This incident was not found.'],
  'problem.incident.closed': [
    '事件已经结束。要补充，请先重新打开。',
    'The incident is closed. Open it again to add to it.',
  ],
  'problem.cluster.notFound': ['没有找到这个聚集提示。', 'This cluster was not found.'],
  'problem.cluster.alreadyDecided': [
    '别人刚刚已作出判断，已载入最新内容。',
    'Somebody has just judged this one; the newest is shown.',
  ],
  'problem.help.notFound': ['这个求助已经结束。', 'This request for help is over.'],
  'problem.caller.notFound': ['没有找到这位求助者的档案。', 'This caller was not found.'],
  'problem.alert.notFound': ['没有找到这条提示。', 'This alert was not found.'],
  'problem.resource.notFound': ['没有找到这个资源。', 'This resource was not found.'],
  'problem.disclosure.notFound': ['没有这条披露记录。', 'There is no such disclosure.'],
  'problem.disclosure.wrongState': [
    '这条披露的状态已经变化，这一步现在不能做。',
    'The disclosure has moved on; this cannot be done now.',
  ],
  'problem.disclosure.needsAnother': [
    '申请人不能批准自己的申请，需要另一个人来决定。',
    'Nobody decides their own request; another person is needed.',
  ],
  'problem.disclosure.notAllowed': [
    '这些资料不能为这个目的、按这个依据提供。请看下面的原因。',
    'This may not leave for this purpose on this basis. The reasons are below.',
  ],
  'problem.disclosure.wrongReceipt': [
    '回执不对：它不是由这个资料包算出的。请让接收方重新核对并逐字告诉您。',
    'The receipt is not the one of this package. Ask the receiver to check again and read it out letter by letter.',
  ],
  'problem.receiver.notFound': ['没有这个接收方。', 'There is no such receiver.'],
  'problem.receiver.badKey': [
    '这不是接收方的公钥。公钥以 age1 开头，共 62 个字符。',
    'This is not a receiver’s public key. It begins with age1 and has 62 characters.',
  ],
  'problem.import.unreadable': [
    '这个文件读不懂。请用模板的 CSV 或 Excel（.xlsx）。',
    'This file cannot be read. Use the template as CSV or Excel (.xlsx).',
  ],
  'problem.import.tooLarge': ['文件太大，请分成几个文件。', 'The file is too large. Please split it.'],
  'problem.glass.notFound': ['没有找到这次紧急查阅。', 'This emergency access was not found.'],
  'problem.glass.notNeeded': ['您本来就可以查看这条记录。', 'You may see this contact anyway.'],
  'problem.glass.needsAnother': [
    '自己的紧急查阅要由别人复核。',
    'Your own emergency access must be reviewed by somebody else.',
  ],
  'problem.glass.alreadyReviewed': [
    '别人刚刚已复核，已载入最新内容。',
    'Somebody has just reviewed this one; the newest is shown.',
  ],
  'problem.register.notFound': ['没有找到这条登记。', 'This entry was not found.'],
  'problem.register.closed': [
    '这条登记已经办结，不能再追加。',
    'This entry is closed; nothing can be added to it.',
  ],
  'problem.register.incomplete': ['还有必须的步骤没有完成。', 'Steps that must be taken are still missing.'],
  'problem.register.needsAnother': [
    '自己登记的评估要由别人批准。',
    'An assessment must be approved by somebody other than who opened it.',
  ],
  'problem.switchboard.away': [
    '电话交换暂时不可用，正在恢复。',
    'The switchboard is away for the moment and being restored.',
  ],
  'problem.database.away': [
    '记录库暂时不可用。通话不受影响，请稍后再试。',
    'The records are away for the moment. Calls go on; please try again shortly.',
  ],
  'problem.disk.full': [
    '服务器磁盘已满，请立即通知行政管理员。通话不受影响。',
    'The server’s disk is full; tell an administrator at once. Calls go on.',
  ],
  'problem.server.failed': [
    '服务器出了问题，请再试一次。已经保存的内容是安全的。',
    'The server failed. Please try again; what was saved is safe.',
  ],
} as const
