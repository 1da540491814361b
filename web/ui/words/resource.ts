/** Words of the directory of help. Each entry: 中文, English. */
export const resource = {} satisfies Record<string, readonly [string, string]>
