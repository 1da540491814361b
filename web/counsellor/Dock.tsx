/** Soon. */
export function Dock() {
  return null
}
