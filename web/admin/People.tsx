import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Checkbox from 'antd/es/checkbox'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import Popconfirm from 'antd/es/popconfirm'
import Select from 'antd/es/select'
import { useState } from 'react'
import { resetFactors } from '../../api/account.ts'
import { addPerson, changePerson, listLines, listPeople, type Person } from '../../api/administration.ts'
import { roles, type Role } from '../../domain/permission.ts'
import { Failure } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useMe } from '../ui/session.ts'
import { useWords } from '../ui/words.ts'
import { KeyedList } from './KeyedList.tsx'
import { Panel } from './Panel.tsx'

interface Fields {
  name: string
  displayName: string
  roles: Role[]
  languages: string[]
  lineIds: string[]
  passphrase?: string
  disabled?: boolean
}

const languages = ['zh-CN', 'en', 'yue', 'nan', 'bo', 'ug', 'mn']

/** For somebody who lost phone and recovery codes; one's own are in the own account. */
function ResetFactors({ personId }: { personId: string }) {
  const { say } = useWords()
  const resetting = useMutation({ mutationFn: () => request(resetFactors, { params: { personId } }) })
  return (
    <div className="admin-wide">
      <Popconfirm
        title={say('people.resetFactorsSure')}
        okText={say('people.resetFactors')}
        cancelText={say('do.cancel')}
        onConfirm={() => resetting.mutate()}
      >
        <button type="button" className="plain" disabled={resetting.isPending || resetting.isSuccess}>
          {say(resetting.isSuccess ? 'people.resetFactorsDone' : 'people.resetFactors')}
        </button>
      </Popconfirm>
      <Failure of={resetting.error} />
    </div>
  )
}

function PersonPanel({ person, onDone }: { person: Person | null; onDone: () => void }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const me = useMe()
  const [form] = Form.useForm<Fields>()
  const lines = useQuery({
    queryKey: ['lines', 'all'],
    queryFn: () => request(listLines, { query: { limit: 100 } }),
  })
  const saving = useMutation({
    mutationFn: ({ passphrase = '', disabled = false, ...body }: Fields) =>
      person
        ? request(changePerson, {
            params: { personId: person.personId },
            body: { ...body, disabled, ...(passphrase ? { passphrase } : {}) },
          })
        : request(addPerson, { body: { ...body, passphrase } }),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: ['people'] })
      onDone()
    },
  })
  const names = new Intl.DisplayNames(document.documentElement.lang, { type: 'language' })
  return (
    <Panel<Fields>
      title={
        person
          ? `${say('admin.change')}: ${person.displayName}`
          : `${say('admin.add')}: ${say('admin.people')}`
      }
      form={form}
      start={
        person
          ? { ...person, passphrase: '', disabled: person.disabledAt !== null }
          : { roles: ['counsellor'], languages: ['zh-CN'], lineIds: [] }
      }
      pending={saving.isPending}
      failure={saving.error}
      onSave={(fields) => saving.mutate(fields)}
      onCancel={onDone}
    >
      <Form.Item name="displayName" label={say('people.displayName')} rules={[{ required: true }]}>
        <Input autoFocus maxLength={60} />
      </Form.Item>
      <Form.Item name="name" label={say('people.login')} rules={[{ required: true }]}>
        <Input autoComplete="off" maxLength={60} />
      </Form.Item>
      <Form.Item
        name="passphrase"
        label={say('people.passphrase')}
        extra={person ? say('people.passphraseKeep') : say('people.passphraseWhy')}
        rules={person ? [] : [{ required: true }, { min: 12, message: say('people.passphraseWhy') }]}
      >
        <Input.Password autoComplete="new-password" maxLength={200} />
      </Form.Item>
      <Form.Item name="roles" label={say('people.roles')} rules={[{ required: true }]} className="admin-wide">
        <Checkbox.Group options={roles.map((role) => ({ value: role, label: say(`people.role.${role}`) }))} />
      </Form.Item>
      <Form.Item name="lineIds" label={say('people.lines')}>
        <Select
          mode="multiple"
          optionFilterProp="label"
          options={(lines.data?.rows ?? [])
            .filter((line) => line.closedAt === null)
            .map((line) => ({ value: line.lineId, label: `${line.name} ${line.number}` }))}
        />
      </Form.Item>
      <Form.Item name="languages" label={say('people.languages')}>
        <Select
          mode="multiple"
          options={languages.map((tag) => ({ value: tag, label: names.of(tag) ?? tag }))}
        />
      </Form.Item>
      {person && person.personId !== me.personId && <ResetFactors personId={person.personId} />}
      {person && (
        <Form.Item name="disabled" valuePropName="checked">
          <Checkbox>{say('people.disable')}</Checkbox>
        </Form.Item>
      )}
    </Panel>
  )
}

/** Staff and their roles. */
export function People() {
  const { say } = useWords()
  const [open, setOpen] = useState<Person | 'new' | null>(null)
  return (
    <div className="stack">
      {open !== null && (
        <PersonPanel
          key={open === 'new' ? 'new' : open.personId}
          person={open === 'new' ? null : open}
          onDone={() => setOpen(null)}
        />
      )}
      <KeyedList<Person>
        name="people"
        read={(query) => request(listPeople, { query })}
        rowKey={(row) => row.personId}
        empty={say('people.empty')}
        actions={
          <button type="button" className="main-button" onClick={() => setOpen('new')}>
            {say('admin.add')}
          </button>
        }
        columns={[
          { title: say('people.displayName'), dataIndex: 'displayName' },
          { title: say('people.login'), dataIndex: 'name' },
          {
            title: say('people.roles'),
            render: (_, row) => row.roles.map((role) => say(`people.role.${role}`)).join(' · '),
          },
          {
            title: say('lines.state'),
            render: (_, row) =>
              row.disabledAt ? <span className="tag tag-soon">{say('people.disabled')}</span> : '',
          },
          {
            title: '',
            render: (_, row) => (
              <button type="button" className="plain" onClick={() => setOpen(row)}>
                {say('admin.change')}
              </button>
            ),
          },
        ]}
      />
    </div>
  )
}
