/* The smallest server: answers every call with music, and tells its parent what it has. */
import { connectSwitchboard } from '../../telephony/switchboard.ts'

const [url = '', proxy = ''] = process.argv.slice(2)

const tell = (): void => void process.send?.({ legs: link.snapshot().legs.length, up: link.up() })

const link = connectSwitchboard({
  url,
  app: 'hotline',
  trunks: [
    {
      trunk: 'carrier',
      host: proxy,
      port: 5060,
      transport: 'udp',
      from: [proxy],
      register: false,
      trusted: true,
    },
  ],
  on: (event) => {
    // Who called while nobody was there was answered by the switchboard, and is in the snapshot.
    if (event.type === 'call.offered')
      link
        .answer(event.leg.id)
        .then(() => link.music({ leg: event.leg.id }, 'default'))
        .catch(() => undefined)
    setImmediate(tell)
  },
})
process.on('disconnect', () => process.exit(0))
