/* Runs in the page before its own scripts: no sound processing that would remove tones, and an ear on what is played. */
const media = navigator.mediaDevices
const original = media?.getUserMedia.bind(media)
if (original)
  media.getUserMedia = (constraints) =>
    original({
      ...constraints,
      ...(constraints?.audio
        ? { audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } }
        : {}),
    })

const heard = []
const Original = window.RTCPeerConnection
window.RTCPeerConnection = class extends Original {
  constructor(configuration) {
    super(configuration)
    this.addEventListener('track', (event) => heard.push(event.track))
  }
}

/** The level of one tone in the latest live track, in decibels below full scale, measured for half a second. */
window.toneLevel = async (hz) => {
  const track = heard.filter((one) => one.readyState === 'live').at(-1)
  if (!track) return -200
  const context = new AudioContext({ sampleRate: 48_000 })
  await context.resume()
  const analyser = context.createAnalyser()
  analyser.fftSize = 16_384
  analyser.smoothingTimeConstant = 0
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser)
  await new Promise((resolve) => setTimeout(resolve, 500))
  const bins = new Float32Array(analyser.frequencyBinCount)
  analyser.getFloatFrequencyData(bins)
  await context.close()
  const bin = Math.round((hz / 48_000) * analyser.fftSize)
  return Math.max(-200, ...bins.slice(bin - 2, bin + 3))
}
