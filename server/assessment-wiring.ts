/* Puts instruments on the web: which files there are, and who is told when one was filled in. */
import { basename, join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { readCatalogue, shippedFolder } from './assessment/catalogue.ts'
import { assessmentRoutes } from './assessment/routes.ts'
import type { Calls } from './calls/calls.ts'
import type { Live } from './http/live.ts'

/** The parts that instruments work with. */
interface AssessmentParts {
  live: Live
  /** An operator's own instruments stand in its folder `instruments`. */
  dataFolder: string
  calls: Calls | null
  pokeBoards: () => void
  failed: (error: unknown) => void
}

/** Serves instruments and tells the counsellor's desk, the boards and the living call what came out. */
export function wireAssessment(app: FastifyInstance, parts: AssessmentParts): void {
  const { live, dataFolder, calls, pokeBoards, failed } = parts
  const { catalogue, refused } = readCatalogue([shippedFolder, join(dataFolder, 'instruments')])
  for (const { file, faults } of refused)
    app.ground.log.warn(
      { file: basename(file), faults: faults.slice(0, 5) },
      'an instrument is not used: its file is not sound',
    )
  assessmentRoutes(app, {
    catalogue,
    changed: (hotlineId, { contactId, personId, level, raised }) => {
      const counsellor = personId === null ? [] : [{ personId }]
      for (const to of [...counsellor, { right: 'board.see' as const }])
        live.publish(hotlineId, to, { type: 'crisis', contactId })
      if (!raised) return
      pokeBoards()
      if (level !== null) void calls?.assessed(hotlineId, contactId, level).catch(failed)
    },
    instrumentsChanged: (hotlineId) => {
      for (const right of ['assessment.ask', 'instrument.change'] as const)
        live.publish(hotlineId, { right }, { type: 'changed', what: 'instruments' })
    },
  })
}
