/** Soon. */
export function Desk() {
  return null
}
