/** Recording a prompt in the browser: the microphone's samples, written as a WAV the server makes 8 kHz of. */

/** A recording under way. */
export interface Capture {
  /** Ends it and gives the WAV file. */
  stop(): Promise<Blob>
  cancel(): void
}

/** A mono WAV of 16 bit. */
function wavOf(samples: Float32Array, rate: number): Blob {
  const view = new DataView(new ArrayBuffer(44 + samples.length * 2))
  const text = (at: number, letters: string): void => {
    for (let n = 0; n < letters.length; n += 1) view.setUint8(at + n, letters.charCodeAt(n))
  }
  text(0, 'RIFF')
  view.setUint32(4, 36 + samples.length * 2, true)
  text(8, 'WAVEfmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true)
  view.setUint16(22, 1, true)
  view.setUint32(24, rate, true)
  view.setUint32(28, rate * 2, true)
  view.setUint16(32, 2, true)
  view.setUint16(34, 16, true)
  text(36, 'data')
  view.setUint32(40, samples.length * 2, true)
  samples.forEach((sample, n) => view.setInt16(44 + n * 2, Math.max(-1, Math.min(1, sample)) * 32_767, true))
  return new Blob([view], { type: 'audio/wav' })
}

/** Starts to record; rejects when there is no microphone or it is not allowed. */
export async function startCapture(): Promise<Capture> {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { autoGainControl: true, noiseSuppression: true },
  })
  const recorder = new MediaRecorder(stream)
  const pieces: Blob[] = []
  recorder.addEventListener('dataavailable', (event) => pieces.push(event.data))
  recorder.start()
  const end = (): Promise<void> =>
    new Promise((resolve) => {
      recorder.addEventListener('stop', () => resolve(), { once: true })
      recorder.stop()
      for (const track of stream.getTracks()) track.stop()
    })
  return {
    async stop() {
      await end()
      const context = new AudioContext()
      try {
        const decoded = await context.decodeAudioData(await new Blob(pieces).arrayBuffer())
        return wavOf(decoded.getChannelData(0), decoded.sampleRate)
      } finally {
        await context.close()
      }
    },
    cancel: () => void end(),
  }
}

/** A file as base64, as the contract wants it. */
export async function base64Of(file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  let text = ''
  for (let at = 0; at < bytes.length; at += 0x8000)
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(text)
}
