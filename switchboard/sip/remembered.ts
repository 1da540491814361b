const most = 256
const longest = 512

/**
 * The same reading, done once for the same text: the messages of a call say the same Via, From, To and URIs over and over.
 * Only the newest texts are kept. What is read must not be changed by who gets it; what cannot be read is not kept.
 */
export function remembered<T>(read: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const found = read(text)
    if (known.size >= most) known.clear()
    if (text.length <= longest) known.set(text, found)
    return found
  }
}
