import { z } from 'zod'

/** Settings of the recorder, all from the environment. */
export interface RecorderConfig {
  port: number
  /** Keys are read below `keys/`, recordings are written below `recordings/`. */
  data: string
  logLevel: string
}

const environment = z.object({
  HEARTHLINE_RECORDER_PORT: z.coerce.number().int().min(0).max(65535).default(8089),
  HEARTHLINE_DATA: z.string().min(1).default('./data'),
  HEARTHLINE_LOG_LEVEL: z.string().default('info'),
})

/** Reads the settings; throws zod's error naming the first one that is wrong. */
export function readConfig(env: NodeJS.ProcessEnv): RecorderConfig {
  const set = environment.parse(env)
  return {
    port: set.HEARTHLINE_RECORDER_PORT,
    data: set.HEARTHLINE_DATA,
    logLevel: set.HEARTHLINE_LOG_LEVEL,
  }
}
