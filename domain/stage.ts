/** The five stages of a call in the guide's order (G24-4.3.1a). */
export const stages = ['rapport', 'clarify', 'goal', 'explore', 'summary'] as const

/** One of the stages. */
export type Stage = (typeof stages)[number]
