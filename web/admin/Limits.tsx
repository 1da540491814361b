import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Form, { type Rule } from 'antd/es/form'
import InputNumber from 'antd/es/input-number'
import type { Reply } from '../../api/endpoint.ts'
import { changeLimits, readLimits } from '../../api/limits.ts'
import { FailedPart, Failure, Notice, Skeleton } from '../ui/Notice.tsx'
import { request } from '../ui/request.ts'
import { useWords, type WordKey } from '../ui/words.ts'

type Limits = Reply<typeof readLimits>

/** Loss in percent, as people say it. */
interface Fields {
  perPerson: number
  perHotline: number
  voiceAmber: number
  voiceRed: number
  lossAmber: number
  lossRed: number
}

const percent = (share: number): number => Math.round(share * 1000) / 10

const fieldsOf = ({ outbound, lights }: Limits): Fields => ({
  ...outbound,
  voiceAmber: lights.voice.amber,
  voiceRed: lights.voice.red,
  lossAmber: percent(lights.loss.amber),
  lossRed: percent(lights.loss.red),
})

const bodyOf = (fields: Fields) => ({
  outbound: { perPerson: fields.perPerson, perHotline: fields.perHotline },
  lights: {
    voice: { amber: fields.voiceAmber, red: fields.voiceRed },
    loss: { amber: fields.lossAmber / 100, red: fields.lossRed / 100 },
  },
})

/** One limit of calls out, with how far the last hour came, and a warning when it would refuse from now on. */
function Limit({ name, made, words }: { name: 'perPerson' | 'perHotline'; made: number; words: WordKey }) {
  const { say } = useWords()
  const wanted: unknown = Form.useWatch(name)
  const refuses = typeof wanted === 'number' && made >= wanted
  return (
    <Form.Item
      name={name}
      label={say(`limits.${name}`)}
      rules={[{ required: true, message: say('limits.number') }]}
      extra={
        <>
          <span className="number">{say(words, { n: made })}</span>
          {refuses && <div className="soon">! {say('limits.reached')}</div>}
        </>
      }
    >
      <InputNumber min={0} max={name === 'perPerson' ? 1000 : 100_000} precision={0} />
    </Form.Item>
  )
}

/** What is amber comes before what is red. */
function useOrder(amber: keyof Fields, worse: 'lower' | 'higher'): Rule[] {
  const { say } = useWords()
  const words = worse === 'lower' ? 'limits.orderLower' : 'limits.orderHigher'
  return [
    { required: true, message: say('limits.number') },
    ({ getFieldValue }) => ({
      validator: (_, red: unknown) => {
        const past = typeof red === 'number' ? red - Number(getFieldValue(amber)) : 0
        return past === 0 || past > 0 === (worse === 'higher')
          ? Promise.resolve()
          : Promise.reject(new Error(say(words)))
      },
    }),
  ]
}

function Thresholds() {
  const { say } = useWords()
  const required = [{ required: true, message: say('limits.number') }]
  const opinion = <InputNumber min={1} max={4.5} step={0.1} precision={1} />
  const loss = <InputNumber min={0} max={100} step={0.5} precision={1} />
  const opinionRules = useOrder('voiceAmber', 'lower')
  const lossRules = useOrder('lossAmber', 'higher')
  return (
    <div className="admin-fields">
      <Form.Item
        name="voiceAmber"
        label={say('limits.voiceAmber')}
        extra={say('limits.opinionWhy')}
        rules={required}
      >
        {opinion}
      </Form.Item>
      <Form.Item
        name="voiceRed"
        label={say('limits.voiceRed')}
        dependencies={['voiceAmber']}
        rules={opinionRules}
      >
        {opinion}
      </Form.Item>
      <Form.Item name="lossAmber" label={say('limits.lossAmber')} rules={required}>
        {loss}
      </Form.Item>
      <Form.Item name="lossRed" label={say('limits.lossRed')} dependencies={['lossAmber']} rules={lossRules}>
        {loss}
      </Form.Item>
    </div>
  )
}

function LimitsForm({ limits }: { limits: Limits }) {
  const { say } = useWords()
  const cache = useQueryClient()
  const saving = useMutation({
    mutationFn: (fields: Fields) => request(changeLimits, { body: bodyOf(fields) }),
    onSuccess: (saved) => cache.setQueryData(['hotline', 'limits'], saved),
  })
  const { lastHour } = limits
  return (
    <Form<Fields>
      layout="vertical"
      requiredMark={false}
      className="card stack"
      initialValues={fieldsOf(limits)}
      onFinish={(fields) => saving.mutate(fields)}
    >
      <h2>{say('limits.outbound')}</h2>
      <p className="quiet">{say('limits.outboundWhy')}</p>
      <div className="admin-fields">
        <Limit name="perPerson" made={lastHour.byPerson} words="limits.lastPerson" />
        <Limit name="perHotline" made={lastHour.byHotline} words="limits.lastHotline" />
      </div>
      <h2>{say('limits.sound')}</h2>
      <p className="quiet">{say('limits.soundWhy')}</p>
      <Thresholds />
      <Failure of={saving.error} />
      {saving.isSuccess && <Notice tone="good">{say('admin.saved')}</Notice>}
      <div className="row">
        <button type="submit" className="main-button" disabled={saving.isPending}>
          {say('admin.save')}
        </button>
      </div>
    </Form>
  )
}

/** Limits of calls out with what the last hour used of them, and thresholds of the board's lights of sound. */
export function Limits() {
  const query = useQuery({
    queryKey: ['hotline', 'limits'],
    queryFn: () => request(readLimits, {}),
    refetchInterval: 30_000,
  })
  if (query.isPending) return <Skeleton lines={6} />
  if (query.isError) return <FailedPart of={query.error} retry={() => void query.refetch()} />
  return <LimitsForm limits={query.data} />
}
