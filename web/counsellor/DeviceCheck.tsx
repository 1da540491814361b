import { useEffect, useState } from 'react'
import { Notice } from '../ui/Notice.tsx'
import { keepVolume, playAlarm, playRing, playTestTone, readVolume, type VolumeName } from '../ui/sound.ts'
import { useWords } from '../ui/words.ts'
import { loopBack, roundTrip, useMicrophone } from './microphone.ts'

function MicrophoneCheck() {
  const { say } = useWords()
  const microphone = useMicrophone()
  const [loop, setLoop] = useState<'off' | 'recording' | 'playing'>('off')
  const { state, level } = microphone
  const listen = async (): Promise<void> => {
    if (!microphone.stream.current) return
    setLoop('recording')
    await loopBack(microphone.stream.current, () => setLoop('playing')).catch(() => undefined)
    setLoop('off')
  }
  return (
    <section className="check">
      <h2>{say('check.microphone')}</h2>
      {(state === 'refused' || state === 'absent' || state === 'insecure') && (
        <Notice tone="soon">{say(`check.${state}`)}</Notice>
      )}
      {state !== 'open' && state !== 'insecure' && (
        <button type="button" className="plain" onClick={() => void microphone.open()}>
          {say('check.microphoneAsk')}
        </button>
      )}
      {state === 'open' && (
        <div className="stack">
          <meter min={0} max={100} value={level} aria-label={say('check.microphoneLevel')} />
          <p role="status">
            {microphone.heard ? `✓ ${say('check.microphoneHeard')}` : say('check.microphoneSilent')}{' '}
            <span className="quiet">{say('check.microphoneSay')}</span>
          </p>
          <div className="row">
            <button type="button" className="plain" disabled={loop !== 'off'} onClick={() => void listen()}>
              {loop === 'off' && say('check.loop')}
              {loop === 'recording' && say('check.loopRecording')}
              {loop === 'playing' && say('check.loopPlaying')}
            </button>
            <span className="quiet">{say('check.loopHint')}</span>
          </div>
        </div>
      )}
    </section>
  )
}

/** One volume with its test. */
function Volume({ name, test }: { name: VolumeName; test: () => void }) {
  const { say } = useWords()
  const [volume, setVolume] = useState(() => readVolume(name))
  return (
    <div className="row">
      <label className="volume">
        <span className="quiet">{say(`check.${name}Volume`)}</span>
        <input
          type="range"
          min={0}
          max={100}
          step={5}
          value={volume}
          onChange={(event) => {
            setVolume(Number(event.target.value))
            keepVolume(name, Number(event.target.value))
          }}
        />
      </label>
      <button type="button" className="plain" onClick={test}>
        {say(`check.${name}`)}
      </button>
    </div>
  )
}

function NetworkCheck() {
  const { say } = useWords()
  const [trip, setTrip] = useState<number | null | undefined>(undefined)
  const [again, setAgain] = useState(0)
  useEffect(() => {
    let wanted = true
    void roundTrip().then((ms) => wanted && setTrip(ms))
    return () => {
      wanted = false
    }
  }, [again])
  return (
    <section className="check">
      <h2>{say('check.network')}</h2>
      <p role="status">
        {trip === undefined && say('state.loading')}
        {trip === null && <span className="soon">! {say('check.roundTripFailed')}</span>}
        {typeof trip === 'number' && trip <= 250 && `✓ ${say('check.roundTrip', { ms: trip })}`}
        {typeof trip === 'number' && trip > 250 && `! ${say('check.roundTripSlow', { ms: trip })}`}
      </p>
      <p className="quiet">{say('check.roundTripWhat')}</p>
      <button type="button" className="plain" onClick={() => setAgain(again + 1)}>
        {say('check.measure')}
      </button>
    </section>
  )
}

function NotificationCheck() {
  const { say } = useWords()
  const known = 'Notification' in window
  const [permission, setPermission] = useState(() => (known ? Notification.permission : 'denied'))
  return (
    <section className="check">
      <h2>{say('check.notify')}</h2>
      {permission === 'granted' && <p>✓ {say('check.notifyOn')}</p>}
      {permission === 'denied' && <p className="quiet">{say('check.notifyOff')}</p>}
      {permission === 'default' && (
        <button
          type="button"
          className="plain"
          onClick={() => void Notification.requestPermission().then(setPermission)}
        >
          {say('check.notifyAsk')}
        </button>
      )}
    </section>
  )
}

/** Half a minute before duty: microphone, headset, network, notification. Nothing of it is required. */
export function DeviceCheck() {
  const { say } = useWords()
  return (
    <div className="checks">
      <MicrophoneCheck />
      <section className="check">
        <h2>{say('check.speaker')}</h2>
        <div className="row">
          <button type="button" className="plain" onClick={playTestTone}>
            {say('check.tone')}
          </button>
        </div>
        <Volume name="ring" test={playRing} />
        <Volume name="alarm" test={playAlarm} />
      </section>
      <NetworkCheck />
      <NotificationCheck />
    </div>
  )
}
