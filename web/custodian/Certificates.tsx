import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Reply } from '../../api/endpoint.ts'
import { listCertificates } from '../../api/retention.ts'
import { FailedPart, Skeleton } from '../ui/Notice.tsx'
import { Pager } from '../ui/Pager.tsx'
import { request } from '../ui/request.ts'
import { SearchBox } from '../ui/SearchBox.tsx'
import { When } from '../ui/When.tsx'
import { useWords } from '../ui/words.ts'

type Certificate = Reply<typeof listCertificates>['rows'][number]

/** Saves a certificate as a file of its own, with the hash that stands in the audit chain. */
function save(certificate: Certificate): void {
  const text = JSON.stringify(certificate, null, 2)
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  link.download = `disposal-${certificate.number}.json`
  link.click()
  URL.revokeObjectURL(link.href)
}

/** What was destroyed: one certificate a contact, newest first. */
export function Certificates() {
  const { say } = useWords()
  const [number, setNumber] = useState<number | undefined>(undefined)
  const [after, setAfter] = useState<string | undefined>(undefined)
  const { data, error, refetch } = useQuery({
    queryKey: ['custody', 'certificates', number, after],
    queryFn: () =>
      request(listCertificates, { query: { after, ...(number === undefined ? {} : { number }) } }),
    placeholderData: keepPreviousData,
  })
  return (
    <div className="stack">
      <SearchBox
        label={say('custody.number')}
        onSearch={(text) => {
          const wanted = Number(text.replace(/\D/g, '').slice(0, 12))
          setNumber(wanted > 0 ? wanted : undefined)
          setAfter(undefined)
        }}
      />
      {error && !data && <FailedPart of={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton lines={6} />}
      {data?.rows.length === 0 && (
        <p className="empty card">
          {number === undefined ? say('certificate.empty') : say('custody.noneFound', { n: number })}
        </p>
      )}
      <ul className="cards">
        {data?.rows.map((certificate) => (
          <li key={certificate.certificateId} className="card spread">
            <div className="stack">
              <span className="strong">{say('call.number', { number: certificate.number })}</span>
              <span>
                {say('custody.lastDay')} <span className="number">{certificate.lastDay}</span> ·{' '}
                {say('certificate.at')} <When at={certificate.at} />
              </span>
              <span className="quiet">{say('certificate.hash')}</span>
              <code className="custody-hash">{certificate.sha256}</code>
            </div>
            <button type="button" className="plain" onClick={() => save(certificate)}>
              {say('certificate.save')}
            </button>
          </li>
        ))}
      </ul>
      {data && <Pager after={after} next={data.next} go={setAfter} />}
    </div>
  )
}
