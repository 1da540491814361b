import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Checkbox from 'antd/es/checkbox'
import Select from 'antd/es/select'
import { useState } from 'react'
import {
  readReminder,
  removeResource,
  resourceFilePath,
  searchResources,
  verifyResource,
  type Resource,
} from '../../api/referral.ts'
import { needs } from '../../domain/need.ts'
import { placeWords, provinces } from '../../domain/region.ts'
import { hoursWords } from '../../domain/resource.ts'
import { Failure, Notice } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useWords } from '../ui/words.ts'
import { KeyedList } from './KeyedList.tsx'
import { RemoveButton } from './RemoveButton.tsx'
import { ResourceForm } from './ResourceForm.tsx'
import { ResourceImport } from './ResourceImport.tsx'

/** What the list is narrowed by; undefined narrows nothing. */
interface Filters {
  need?: string | undefined
  place?: string | undefined
  open?: 'now' | undefined
  due?: 'soon' | undefined
}

function FilterRow({ filters, set }: { filters: Filters; set: (filters: Filters) => void }) {
  const { say, language } = useWords()
  const nameOf = (each: { zh: string; en: string }): string => (language === 'en' ? each.en : each.zh)
  return (
    <div className="row resource-filters">
      <Select
        allowClear
        showSearch={{ optionFilterProp: 'label' }}
        aria-label={say('resource.need')}
        placeholder={say('resource.anyNeed')}
        value={filters.need ?? null}
        options={needs.map((each) => ({ value: each.code, label: nameOf(each) }))}
        onChange={(value: string | null | undefined) => set({ ...filters, need: value ?? undefined })}
      />
      <Select
        allowClear
        showSearch={{ optionFilterProp: 'label' }}
        aria-label={say('resource.place')}
        placeholder={say('resource.anyPlace')}
        value={filters.place ?? null}
        options={provinces.map((each) => ({ value: each.code, label: nameOf(each) }))}
        onChange={(value: string | null | undefined) => set({ ...filters, place: value ?? undefined })}
      />
      <Checkbox
        checked={filters.open === 'now'}
        onChange={(event) => set({ ...filters, open: event.target.checked ? 'now' : undefined })}
      >
        {say('resource.openNow')}
      </Checkbox>
    </div>
  )
}

/** Entries that ask to be verified, on top of the list as long as there are any. */
function Reminder({ due, show }: { due: boolean; show: (due: boolean) => void }) {
  const { say } = useWords()
  const { data } = useQuery({
    queryKey: ['resources', 'reminder'],
    queryFn: () => request(readReminder, {}),
  })
  if (!data) return null
  const action = (
    <button type="button" className="plain" onClick={() => show(!due)}>
      {say(due ? 'resources.showAll' : 'resources.showDue')}
    </button>
  )
  if (data.overdue + data.soon === 0 && !due)
    return <p className="quiet">{say('resources.total', { n: data.total })}</p>
  return (
    <Notice tone={data.overdue > 0 ? 'soon' : 'plain'} action={action}>
      {say('resources.total', { n: data.total })} · {say('resources.reminder', { ...data })}
    </Notice>
  )
}

function Verification({ entry, verify }: { entry: Resource; verify: (resourceId: string) => void }) {
  const { say } = useWords()
  return (
    <div className="resource-verified">
      <span>
        {entry.standing === 'overdue' && <span className="tag tag-soon">{say('resource.overdue')}</span>}
        {entry.standing === 'soon' && <span className="tag">{say('resource.soon')}</span>}
      </span>
      <span className="quiet number">
        {entry.verifiedOn ?? say('resource.neverVerified')} → {entry.verifyBy}
      </span>
      {entry.standing !== 'fresh' && (
        <button type="button" className="plain" onClick={() => verify(entry.resourceId)}>
          {say('resources.verify')}
        </button>
      )}
    </div>
  )
}

/** Needs and hours of an entry in words, one under the other. */
function Serves({ entry }: { entry: Resource }) {
  const { say, language } = useWords()
  const named = needs.filter((each) => entry.needs.includes(each.code))
  return (
    <div className="resource-serves">
      <div>{named.map((each) => (language === 'en' ? each.en : each.zh)).join(say('timeline.between'))}</div>
      <div className="quiet">
        {hoursWords(entry.hours, language) || say('resource.hoursUnknown')}
        {entry.openNow && ` · ${say('resource.open')}`}
      </div>
    </div>
  )
}

/** The directory of help: list, entries, import and export, what is to be verified. */
export function Resources() {
  const { say, language } = useWords()
  const cache = useQueryClient()
  const [open, setOpen] = useState<Resource | 'new' | 'import' | null>(null)
  const [filters, setFilters] = useState<Filters>({})
  const again = { onSuccess: () => cache.invalidateQueries({ queryKey: ['resources'] }) }
  const removing = useMutation({
    mutationFn: (resourceId: string) => request(removeResource, { params: { resourceId } }),
    ...again,
  })
  const verifying = useMutation({
    mutationFn: (resourceId: string) => request(verifyResource, { params: { resourceId } }),
    ...again,
  })
  const narrowed = JSON.stringify(filters)
  const close = (): void => setOpen(null)
  return (
    <div className="stack">
      <Failure of={removing.error ?? verifying.error} />
      {open === 'import' && <ResourceImport onDone={close} />}
      {open !== null && open !== 'import' && (
        <ResourceForm
          key={open === 'new' ? 'new' : open.resourceId}
          entry={open === 'new' ? null : open}
          onDone={close}
        />
      )}
      <Reminder due={filters.due !== undefined} show={(due) => setFilters(due ? { due: 'soon' } : {})} />
      <FilterRow filters={filters} set={setFilters} />
      <KeyedList<Resource>
        name="resources"
        narrowed={narrowed}
        read={(query) => request(searchResources, { query: { ...query, ...filters } })}
        rowKey={(row) => row.resourceId}
        empty={say(narrowed === '{}' ? 'resources.empty' : 'resources.emptyFiltered')}
        actions={
          <>
            <a href={resourceFilePath(language, 'resources.xlsx')}>{say('resources.export')} Excel</a>
            <a href={resourceFilePath(language, 'resources.csv')}>{say('resources.export')} CSV</a>
            <button type="button" className="plain" onClick={() => setOpen('import')}>
              {say('resources.import')}
            </button>
            <button type="button" className="main-button" onClick={() => setOpen('new')}>
              {say('admin.add')}
            </button>
          </>
        }
        columns={[
          {
            title: say('resources.organisation'),
            render: (_, row) => (
              <>
                <div className="strong">{row.organisation}</div>
                <div className="quiet">{row.service}</div>
              </>
            ),
          },
          { title: say('resource.phone'), className: 'number', render: (_, row) => row.phone ?? '—' },
          { title: say('resources.region'), render: (_, row) => placeWords(row.region, language) },
          { title: say('resources.needs'), render: (_, row) => <Serves entry={row} /> },
          {
            title: say('resources.verifiedOn'),
            render: (_, row) => <Verification entry={row} verify={(id) => verifying.mutate(id)} />,
          },
          {
            title: '',
            render: (_, row) => (
              <span className="row">
                <button type="button" className="plain" onClick={() => setOpen(row)}>
                  {say('admin.change')}
                </button>
                <RemoveButton onRemove={() => removing.mutate(row.resourceId)} />
              </span>
            ),
          },
        ]}
      />
    </div>
  )
}
