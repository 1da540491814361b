/** Words of the crisis protocol, reports, exceptions and incidents. Each entry: 中文, English. */
export const crisis = {} satisfies Record<string, readonly [string, string]>
