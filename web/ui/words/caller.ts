/** Words of callers over time and their alerts. Each entry: 中文, English. */
export const caller = {} satisfies Record<string, readonly [string, string]>
