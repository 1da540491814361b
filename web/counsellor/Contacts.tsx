/** Soon. */
export function Contacts() {
  return null
}
