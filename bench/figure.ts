/** One measured figure, printed as one JSON line; names and units are a stable door (docs/design.md). */
export interface Figure {
  bench: string
  figure: string
  value: number
  unit: string
  peer?: string
  peerValue?: number
  ratio?: number
  rounds?: number
}

const inThousandths = (_key: string, value: unknown): unknown =>
  typeof value === 'number' ? Math.round(value * 1000) / 1000 : value

/** Prints a figure with three decimals. */
export const report = (figure: Figure): void => {
  process.stdout.write(`${JSON.stringify(figure, inThousandths)}\n`)
}

/** The nearest-rank percentile of measured values. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/** Runs `work` `times` times and gives each duration in milliseconds. */
export const timed = async (times: number, work: (index: number) => Promise<unknown>): Promise<number[]> => {
  const found: number[] = []
  for (let index = 0; index < times; index += 1) {
    const start = performance.now()
    await work(index)
    found.push(performance.now() - start)
  }
  return found
}
