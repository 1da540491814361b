/** Soon. */
export function ByHand() {
  return null
}
