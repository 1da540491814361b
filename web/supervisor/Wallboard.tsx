/** Soon. */
export function Wallboard() {
  return null
}
