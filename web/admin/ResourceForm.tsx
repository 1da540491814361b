import { useMutation, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import Select from 'antd/es/select'
import { useState } from 'react'
import { addResource, changeResource, type Resource } from '../../api/referral.ts'
import { needs } from '../../domain/need.ts'
import { groups, levels, type Code } from '../../domain/population.ts'
import { placeWords, prefectures, provinces, regionPattern, wholeCountry } from '../../domain/region.ts'
import { hoursCell, hoursOf, resourceFields } from '../../domain/resource.ts'
import { request } from '../ui/request.ts'
import { useWords } from '../ui/words.ts'
import { Panel } from './Panel.tsx'

interface Fields {
  organisation: string
  service?: string
  region: string
  needs?: string[]
  populations?: string[]
  hours?: string
  phone?: string
  address?: string
  referral?: string
  languages?: string[]
  verifiedOn?: string
  verifyBy?: string
}

const bodyOf = (fields: Fields) => ({
  organisation: fields.organisation,
  service: fields.service ?? '',
  region: fields.region,
  needs: fields.needs ?? [],
  populations: fields.populations ?? [],
  hours: hoursOf(fields.hours ?? '') ?? { always: false as const, days: [] },
  phone: fields.phone?.trim() || null,
  address: fields.address ?? '',
  referral: fields.referral ?? '',
  languages: fields.languages ?? [],
  verifiedOn: fields.verifiedOn || null,
  verifyBy: fields.verifyBy || null,
})

const fieldsOf = (entry: Resource | null): Partial<Fields> =>
  entry
    ? {
        ...entry,
        hours: hoursCell(entry.hours),
        phone: entry.phone ?? '',
        verifiedOn: entry.verifiedOn ?? '',
      }
    : { region: wholeCountry }

const places = [wholeCountry, ...provinces.map((each) => each.code), ...prefectures.map((each) => each.code)]

/** A place by name, or a county by its code. */
function PlaceSelect(props: { value?: string; onChange?: (value: string) => void; id?: string }) {
  const { language } = useWords()
  const [typed, setTyped] = useState('')
  const codes = [typed, props.value ?? ''].filter(
    (code) => regionPattern.test(code) && !places.includes(code),
  )
  const options = [...new Set([...codes, ...places])].map((code) => ({
    value: code,
    label: `${placeWords(code, language)} ${code}`.replace(`${code} ${code}`, code),
  }))
  return (
    <Select {...props} showSearch={{ optionFilterProp: 'label', onSearch: setTyped }} options={options} />
  )
}

/** Adds an entry of the directory (`entry` null) or changes one. */
export function ResourceForm({ entry, onDone }: { entry: Resource | null; onDone: () => void }) {
  const { say, language } = useWords()
  const cache = useQueryClient()
  const [form] = Form.useForm<Fields>()
  const saving = useMutation({
    mutationFn: (fields: Fields) =>
      entry
        ? request(changeResource, { params: { resourceId: entry.resourceId }, body: bodyOf(fields) })
        : request(addResource, { body: bodyOf(fields) }),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: ['resources'] })
      onDone()
    },
  })
  const optionsOf = (list: readonly Code[]) =>
    list.map((each) => ({ value: each.code, label: language === 'en' ? each.en : each.zh }))
  const hoursRule = {
    validator: (_: unknown, cell: string | undefined) =>
      hoursOf(cell ?? '') ? Promise.resolve() : Promise.reject(new Error(say('resources.hoursBad'))),
  }
  const phoneRule = {
    validator: (_: unknown, phone: string | undefined) =>
      resourceFields.shape.phone.safeParse(phone?.trim() || null).success
        ? Promise.resolve()
        : Promise.reject(new Error(say('resources.phoneBad'))),
  }
  return (
    <Panel<Fields>
      title={entry ? `${say('admin.change')}: ${entry.organisation}` : say('admin.add')}
      form={form}
      start={fieldsOf(entry)}
      pending={saving.isPending}
      failure={saving.error}
      onSave={(fields) => saving.mutate(fields)}
      onCancel={onDone}
    >
      <Form.Item name="organisation" label={say('resources.organisation')} rules={[{ required: true }]}>
        <Input autoFocus maxLength={120} />
      </Form.Item>
      <Form.Item name="service" label={say('resources.service')}>
        <Input maxLength={120} />
      </Form.Item>
      <Form.Item name="region" label={say('resources.region')} extra={say('resources.regionHint')}>
        <PlaceSelect />
      </Form.Item>
      <Form.Item name="needs" label={say('resources.needs')}>
        <Select mode="multiple" optionFilterProp="label" options={optionsOf(needs)} />
      </Form.Item>
      <Form.Item name="populations" label={say('resources.populations')}>
        <Select mode="multiple" optionFilterProp="label" options={optionsOf([...groups, ...levels])} />
      </Form.Item>
      <Form.Item
        name="hours"
        label={say('resource.hours')}
        extra={say('resources.hoursHint')}
        rules={[hoursRule]}
      >
        <Input maxLength={300} />
      </Form.Item>
      <Form.Item name="phone" label={say('resource.phone')} rules={[phoneRule]}>
        <Input inputMode="tel" maxLength={30} />
      </Form.Item>
      <Form.Item name="address" label={say('resource.address')}>
        <Input maxLength={200} />
      </Form.Item>
      <Form.Item name="languages" label={say('resource.languages')} extra={say('resources.languagesHint')}>
        <Select mode="tags" tokenSeparators={[',', '，', '、', ';']} />
      </Form.Item>
      <Form.Item name="verifiedOn" label={say('resources.verifiedOn')}>
        <Input type="date" />
      </Form.Item>
      <Form.Item name="verifyBy" label={say('resources.verifyBy')}>
        <Input type="date" />
      </Form.Item>
      <Form.Item name="referral" label={say('resource.referral')} className="admin-wide">
        <Input.TextArea autoSize={{ minRows: 2 }} maxLength={1000} />
      </Form.Item>
    </Panel>
  )
}
