/** Soon. */
export function Contact() {
  return null
}
