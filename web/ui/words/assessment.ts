/** Words of instruments and the page a caller fills one in on. Each entry: 中文, English. */
export const assessment = {} satisfies Record<string, readonly [string, string]>
