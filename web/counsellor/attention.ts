/** Rings: sound, a blinking title and a desktop notification, until answered or gone. */
import { ringOn } from '../ui/sound.ts'

/** Rings until the returned function is called; `aloud` is false where a desk phone rings by itself. */
export function ringFor(title: string, body: string, aloud: boolean): () => void {
  const before = document.title
  let on = false
  const blink = setInterval(() => {
    on = !on
    document.title = on ? `● ${title}` : before
  }, 700)
  const silence = aloud ? ringOn() : () => undefined
  const note = notify(title, body)
  return () => {
    clearInterval(blink)
    silence()
    note?.close()
    document.title = before
  }
}

/** Nothing identifying stands in a notification: it may show on a locked screen. */
function notify(title: string, body: string): Notification | null {
  if (!('Notification' in window) || Notification.permission !== 'granted') return null
  const note = new Notification(title, { body, tag: 'hearthline-offer', requireInteraction: true })
  note.addEventListener('click', () => {
    window.focus()
    note.close()
  })
  return note
}
