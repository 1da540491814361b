import './admin.css'
import { useMutation, useQuery } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import InputNumber from 'antd/es/input-number'
import { useState } from 'react'
import { setUp, setUpState } from '../../api/session.ts'
import { Failure, Notice } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { Switches } from '../ui/Switches.tsx'
import { useWords } from '../ui/words.ts'

interface Fields {
  hotline: string
  department?: string
  lineName: string
  lineNumber: string
  seats: number
  displayName: string
  name: string
  passphrase: string
}

/** The token stands behind `#`, so that it reaches no server log; old links with `?token=` work as well. */
const tokenOf = (): string =>
  new URLSearchParams(location.hash.slice(1)).get('token') ??
  new URLSearchParams(location.search).get('token') ??
  ''

/** The one-time set-up of a hotline. */
export function SetUp() {
  const { say, language } = useWords()
  const [token] = useState(tokenOf)
  const creating = useMutation({
    mutationFn: ({ displayName, name, passphrase, department = '', ...fields }: Fields) =>
      request(setUp, {
        body: { token, language, department, ...fields, administrator: { name, displayName, passphrase } },
      }),
  })
  const state = useQuery({ queryKey: ['setup'], queryFn: () => request(setUpState, {}) })
  const done = creating.isSuccess || state.data?.needed === false
  const must = [{ required: true, message: say('admin.required') }]
  return (
    <main className="login" id="content">
      <div className="card stack setup-card">
        <div className="spread">
          <h1>
            <span className="mark" aria-hidden="true" />
            {say('setup.title')}
          </h1>
          <Switches />
        </div>
        <p className="quiet">{say('setup.why')}</p>
        {token === '' && !done && <Notice tone="soon">{say('setup.noToken')}</Notice>}
        {done ? (
          <Notice tone="good" action={<a href="/login">{say('login.submit')}</a>}>
            {say('setup.done')}
          </Notice>
        ) : (
          <Form<Fields>
            layout="vertical"
            requiredMark={false}
            initialValues={{ seats: 2 }}
            onFinish={(fields) => creating.mutate(fields)}
          >
            <div className="admin-fields">
              <Form.Item name="hotline" label={say('hotline.name')} rules={must}>
                <Input autoFocus maxLength={80} />
              </Form.Item>
              <Form.Item name="department" label={say('hotline.department')}>
                <Input maxLength={80} />
              </Form.Item>
              <h2 className="admin-wide">{say('setup.firstLine')}</h2>
              <Form.Item name="lineName" label={say('admin.name')} rules={must}>
                <Input maxLength={80} />
              </Form.Item>
              <Form.Item
                name="lineNumber"
                label={say('lines.number')}
                rules={[...must, { pattern: /^[0-9+*#]{2,20}$/, message: say('admin.required') }]}
              >
                <Input inputMode="tel" maxLength={20} />
              </Form.Item>
              <Form.Item name="seats" label={say('setup.seats')}>
                <InputNumber min={1} max={50} />
              </Form.Item>
              <h2 className="admin-wide">{say('setup.administrator')}</h2>
              <Form.Item name="displayName" label={say('people.displayName')} rules={must}>
                <Input maxLength={60} />
              </Form.Item>
              <Form.Item name="name" label={say('people.login')} rules={must}>
                <Input autoComplete="username" maxLength={60} />
              </Form.Item>
              <Form.Item
                name="passphrase"
                label={say('people.passphrase')}
                extra={say('people.passphraseWhy')}
                rules={[...must, { min: 12, message: say('people.passphraseWhy') }]}
              >
                <Input.Password autoComplete="new-password" maxLength={200} />
              </Form.Item>
            </div>
            <Failure of={creating.error} />
            <button type="submit" className="main-button" disabled={creating.isPending || token === ''}>
              {say('setup.go')}
            </button>
          </Form>
        )}
      </div>
    </main>
  )
}
