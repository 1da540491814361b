import { useState } from 'react'
import type { Resource } from '../../api/referral.ts'
import { dialable, hoursWords, offerWays, textOf } from '../../domain/resource.ts'
import { useKeys } from '../ui/keys.ts'
import { Failure, Notice } from '../ui/Notice.tsx'
import { useWords } from '../ui/words.ts'
import type { Command } from './duty-desk.ts'
import { Fact } from './Offer.tsx'
import { useOffer, useOffered, type OfferWay } from './resource.ts'

/** Opening hours in words, and whether it is open now: by word and shape. */
export function OpenMark({ of }: { of: Resource }) {
  const { say } = useWords()
  if (!of.hours.always && of.hours.days.length === 0)
    return <span className="quiet">{say('resource.hoursUnknown')}</span>
  return of.openNow ? (
    <span className="tag tag-main">{say('resource.open')}</span>
  ) : (
    <span className="tag">{say('resource.closed')}</span>
  )
}

/** How old the entry is, when that matters. */
export function VerifiedMark({ of }: { of: Resource }) {
  const { say } = useWords()
  if (of.standing === 'overdue') return <span className="tag tag-soon">{say('resource.overdue')}</span>
  return (
    <span className="quiet">
      {of.verifiedOn ? say('resource.verifiedOn', { day: of.verifiedOn }) : say('resource.neverVerified')}
    </span>
  )
}

function Facts({ of }: { of: Resource }) {
  const { say, language } = useWords()
  const hours = hoursWords(of.hours, language)
  return (
    <dl className="facts facts-small">
      {of.phone && (
        <Fact label={say('resource.phone')}>
          <span className="resource-phone number">{of.phone}</span>
        </Fact>
      )}
      {hours && <Fact label={say('resource.hours')}>{hours}</Fact>}
      {of.address && <Fact label={say('resource.address')}>{of.address}</Fact>}
      {of.referral && <Fact label={say('resource.referral')}>{of.referral}</Fact>}
      {of.languages.length > 0 && (
        <Fact label={say('resource.languages')}>{of.languages.join(say('timeline.between'))}</Fact>
      )}
    </dl>
  )
}

/** A resource opened at a call: its facts, and the four ways in which it reaches the caller, each recorded. */
export function ResourceDetails({
  resource,
  contactId,
  command,
}: {
  resource: Resource
  contactId: string
  /** Of the live call; null when there is none to put through. */
  command: Command | null
}) {
  const { say, language } = useWords()
  const [copied, setCopied] = useState<'yes' | 'no' | null>(null)
  const offer = useOffer(contactId)
  const { resourceId } = resource
  const before = useOffered(contactId).filter((each) => each.resourceId === resourceId)
  const number = dialable(resource.phone)
  const text = textOf(resource, language)
  const record = (how: OfferWay): void => offer.mutate({ resourceId, how })
  const copy = async (): Promise<void> => {
    const done = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    )
    setCopied(done ? 'yes' : 'no')
    record('texted')
  }
  const putThrough = (): void => {
    if (!command || !number) return
    command.mutate(
      { command: 'transfer', mode: 'attended', to: { kind: 'number', number } },
      { onSuccess: () => record('transferred') },
    )
  }
  const reachable = command !== null && number !== null
  useKeys(
    reachable ? [{ key: 'Alt+X', words: 'keys.putThrough', group: 'keys.groupCall', run: putThrough }] : [],
  )
  const deeds: Record<OfferWay, () => void> = {
    offered: () => record('offered'),
    'read-out': () => record('read-out'),
    texted: () => void copy(),
    transferred: putThrough,
  }
  const ways = offerWays.filter((how) => how !== 'transferred' || reachable)
  return (
    <div className="stack resource-open">
      <Facts of={resource} />
      <div className="row">
        {ways.map((how) => (
          <button
            key={how}
            type="button"
            className="plain"
            title={how === 'transferred' ? say('resource.transferHint') : undefined}
            disabled={offer.isPending || (how === 'transferred' && command?.isPending === true)}
            onClick={deeds[how]}
          >
            {before.some((each) => each.how === how) && '✓ '}
            {say(`resource.how.${how}`)} {how === 'transferred' && <kbd>Alt+X</kbd>}
          </button>
        ))}
      </div>
      <Failure of={offer.error ?? command?.error} />
      {command?.isSuccess === true && before.some((each) => each.how === 'transferred') && (
        <Notice>{say('resource.transferring')}</Notice>
      )}
      {copied !== null && (
        <Notice tone={copied === 'yes' ? 'good' : 'soon'}>
          {say(copied === 'yes' ? 'resource.copied' : 'resource.copyFailed')}
        </Notice>
      )}
      {copied !== null && <pre className="resource-text">{text}</pre>}
    </div>
  )
}
