/** Words of making forms. Each entry: 中文, English. */
export const forms = {} satisfies Record<string, readonly [string, string]>
