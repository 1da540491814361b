/** Words of listening, whispering, joining, help and hints. Each entry: 中文, English. */
export const supervise = {} satisfies Record<string, readonly [string, string]>
