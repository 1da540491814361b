/** What one look at the installation found; `fail` means the hotline cannot work so. */
export type Finding = { check: string; state: 'ok' | 'warn' | 'fail'; text: string; chinese: string }

/** A maker of findings of one check. */
export const about = (check: string) => ({
  ok: (text: string, chinese: string): Finding => ({ check, state: 'ok', text, chinese }),
  warn: (text: string, chinese: string): Finding => ({ check, state: 'warn', text, chinese }),
  fail: (text: string, chinese: string): Finding => ({ check, state: 'fail', text, chinese }),
})
