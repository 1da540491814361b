/** What a classic Asterisk does beside our application: a queue in its dialplan, and MixMonitor. */

/** Callers of these numbers are recorded by MixMonitor before the application, or go to a queue without any. */
export const classicNumbers = { recorded: '1002', queue: '1003' } as const

const members = 400

/** Adds both to the configuration that the product makes; `farPort` is where the queue's members answer, by the trunk `out`. */
export const classicFiles =
  (farPort: number) =>
  (made: ReadonlyMap<string, string>): ReadonlyMap<string, string> => {
    const files = new Map(made)
    const add = (name: string, text: string): void => void files.set(name, (files.get(name) ?? '') + text)
    add('modules.conf', ['app_queue', 'app_mixmonitor'].map((name) => `load=${name}\n`).join(''))
    // The name of a file for each direction and one for both, as a hotline would keep them.
    add(
      'extensions.conf',
      [
        `exten => ${classicNumbers.recorded},1,MixMonitor(\${UNIQUEID}.wav,r(\${UNIQUEID}-in.wav)t(\${UNIQUEID}-out.wav))`,
        ' same => n,Stasis(hotline,${EXTEN})',
        ' same => n,Hangup()',
        // `t`: the member may transfer by a key, so keys are looked for as they are in a hotline.
        `exten => ${classicNumbers.queue},1,Answer()`,
        ' same => n,Queue(bench,t)',
        ' same => n,Hangup()',
        '',
      ].join('\n'),
    )
    const numbers = Array.from({ length: members }, (_, at) => 3000 + at)
    const people = numbers.map(
      (number) => `member=PJSIP/out/sip:${number}@127.0.0.1:${farPort},0,${number},PJSIP/out`,
    )
    const lines = ['[bench]', 'strategy=rrmemory', 'ringinuse=yes', 'autofill=yes', 'timeout=10', ...people]
    add('queues.conf', `[general]\nautofill=yes\n${lines.join('\n')}\n`)
    return files
  }
