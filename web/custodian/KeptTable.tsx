import Table, { type ColumnsType } from 'antd/es/table'
import type { KeptContact } from '../../api/retention.ts'
import { useWords } from '../ui/words.ts'

/** The id of the button that opens a contact: whoever closes it again goes on there. */
export const openButton = (contactId: string): string => `open-${contactId}`

function Standing({ row }: { row: KeptContact }) {
  const { say } = useWords()
  return (
    <span className="row">
      {row.held && <span className="tag">{say('custody.held')}</span>}
      {row.restricted && <span className="tag">{say('custody.restricted')}</span>}
      {row.disposedAt !== null && <span className="quiet">{say('custody.disposed')}</span>}
      {row.disposedAt === null && row.disposalId !== null && (
        <span className="quiet">{say('custody.onList')}</span>
      )}
      {row.due && row.disposalId === null && <span className="tag tag-soon">! {say('custody.isDue')}</span>}
    </span>
  )
}

/** Contacts by how they are kept, as rows; `chosen` may be ticked where `choose` is given. */
export function KeptTable({
  rows,
  empty,
  open,
  chosen,
  choose,
}: {
  rows: KeptContact[]
  empty: string
  open?: ((contactId: string) => void) | undefined
  chosen?: string[]
  choose?: ((contactIds: string[]) => void) | undefined
}) {
  const { say } = useWords()
  const columns: ColumnsType<KeptContact> = [
    {
      title: say('custody.contact'),
      className: 'number',
      render: (_, row) => say('call.number', { number: row.number }),
    },
    { title: say('custody.lastDay'), className: 'number', dataIndex: 'lastDay' },
    { title: say('custody.state'), render: (_, row) => <Standing row={row} /> },
    { title: say('custody.class'), render: (_, row) => say(`custody.class.${row.class}`) },
    { title: say('custody.endedOn'), className: 'number', dataIndex: 'endedOn' },
    { title: say('contacts.line'), dataIndex: 'lineName' },
    { title: say('contacts.channel'), render: (_, row) => say(`call.channel.${row.channel}`) },
    { title: say('custody.sound'), className: 'number', dataIndex: 'recordings' },
  ]
  if (open)
    columns.push({
      title: '',
      render: (_, row) => (
        <button
          type="button"
          className="plain"
          id={openButton(row.contactId)}
          aria-label={`${say('custody.open')} ${say('call.number', { number: row.number })}`}
          onClick={() => open(row.contactId)}
        >
          {say('custody.open')}
        </button>
      ),
    })
  if (rows.length === 0) return <p className="empty card">{empty}</p>
  // Moved sideways by keys as well; the table's own way of it hides a second box to tick from everybody but the Tab key.
  return (
    <div className="custody-table" role="region" aria-label={say('custody.title')} tabIndex={0}>
      <Table<KeptContact>
        dataSource={rows}
        rowKey={(row) => row.contactId}
        columns={columns}
        pagination={false}
        {...(choose
          ? {
              rowSelection: {
                selectedRowKeys: chosen ?? [],
                onChange: (keys) => choose(keys.map(String)),
                getCheckboxProps: (row) => ({
                  'aria-label': say('call.number', { number: row.number }),
                }),
              },
            }
          : {})}
      />
    </div>
  )
}
