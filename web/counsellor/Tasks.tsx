/** Soon. */
export function Tasks() {
  return null
}
