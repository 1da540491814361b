/** Words of administration and set-up. Each entry: 中文, English. */
export const admin = {
  'admin.title': ['管理', 'Administration'],
} as const
