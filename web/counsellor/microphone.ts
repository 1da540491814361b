/** The microphone before duty: its level, a short record-and-listen loop, and what is wrong when it does not open. */
import { useEffect, useRef, useState } from 'react'

/** How the microphone stands. */
export type MicrophoneState = 'closed' | 'open' | 'refused' | 'absent' | 'insecure'

/** What stands in the way, by the browser's error. */
export const troubleOf = (failure: unknown): MicrophoneState => {
  const name = failure instanceof DOMException ? failure.name : ''
  return name === 'NotFoundError' || name === 'OverconstrainedError' ? 'absent' : 'refused'
}

/** Level of the samples on a scale of 0-100; speech at a headset reaches 30-80. */
export function levelOf(samples: Float32Array): number {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  const decibels = 10 * Math.log10(sum / Math.max(1, samples.length) + 1e-9)
  return Math.min(100, Math.max(0, Math.round((decibels + 60) * 1.8)))
}

/** Opens the microphone for the check and measures its level ten times a second; closed with the component. */
export function useMicrophone() {
  const [state, setState] = useState<MicrophoneState>(() =>
    'mediaDevices' in navigator && window.isSecureContext ? 'closed' : 'insecure',
  )
  const [level, setLevel] = useState(0)
  const [heard, setHeard] = useState(false)
  const stream = useRef<MediaStream | null>(null)
  const stop = useRef<() => void>(() => undefined)
  useEffect(() => () => stop.current(), [])
  const open = async (): Promise<void> => {
    stop.current()
    try {
      const opened = await navigator.mediaDevices.getUserMedia({ audio: true })
      stream.current = opened
      const audio = new AudioContext()
      const analyser = audio.createAnalyser()
      audio.createMediaStreamSource(opened).connect(analyser)
      const samples = new Float32Array(analyser.fftSize)
      const timer = setInterval(() => {
        analyser.getFloatTimeDomainData(samples)
        const now = levelOf(samples)
        setLevel(now)
        if (now > 25) setHeard(true)
      }, 100)
      stop.current = () => {
        clearInterval(timer)
        for (const track of opened.getTracks()) track.stop()
        void audio.close()
        stop.current = () => undefined
      }
      setState('open')
    } catch (failure) {
      setState(troubleOf(failure))
    }
  }
  return { state, level, heard, open, stream }
}

/** Records three seconds and plays them back; nothing leaves this computer or is kept. */
export async function loopBack(stream: MediaStream, onPlaying: () => void): Promise<void> {
  const recorder = new MediaRecorder(stream)
  const pieces: Blob[] = []
  recorder.addEventListener('dataavailable', (event) => pieces.push(event.data))
  const stopped = new Promise((resolve) => recorder.addEventListener('stop', resolve, { once: true }))
  recorder.start()
  setTimeout(() => recorder.stop(), 3000)
  await stopped
  const address = URL.createObjectURL(new Blob(pieces, { type: recorder.mimeType }))
  const player = new Audio(address)
  onPlaying()
  await player.play()
  await new Promise((resolve) => player.addEventListener('ended', resolve, { once: true }))
  URL.revokeObjectURL(address)
}

/** Median of five round trips to the server in ms, or null when it cannot be reached. */
export async function roundTrip(): Promise<number | null> {
  const times: number[] = []
  for (let i = 0; i < 5; i++) {
    const start = performance.now()
    const answer = await fetch('/healthz', { cache: 'no-store' }).catch(() => null)
    if (!answer) return null
    times.push(performance.now() - start)
  }
  return Math.round(times.toSorted((a, b) => a - b)[2] ?? 0)
}
