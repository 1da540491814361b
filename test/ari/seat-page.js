// Runs inside the page of a seat: JsSIP as its telephone, an oscillator as its voice, an analyser as its ear.
/* global JsSIP, AudioContext, OscillatorNode, GainNode, AnalyserNode, Audio, MediaStream */
globalThis.startSeat = ({ url, user, password, hertz }) => {
  const audio = new AudioContext()
  const voice = audio.createMediaStreamDestination()
  const oscillator = new OscillatorNode(audio, { frequency: hertz })
  oscillator.connect(new GainNode(audio, { gain: 0.3 })).connect(voice)
  oscillator.start()
  const ear = new AnalyserNode(audio, { fftSize: 8192, smoothingTimeConstant: 0 })
  const events = []
  let session = null
  globalThis.seat = {
    events,
    answer: () => session.answer({ mediaStream: voice.stream, pcConfig: { iceServers: [] } }),
    press: (digit) => session.sendDTMF(digit, { transportType: 'RFC2833', duration: 100 }),
    hangUp: () => session.terminate(),
    /** Level in dB of a tone in what is heard now. */
    level: (tone) => {
      const bins = new Float32Array(ear.frequencyBinCount)
      ear.getFloatFrequencyData(bins)
      return Math.max(-200, bins[Math.round((tone * ear.fftSize) / audio.sampleRate)])
    },
  }
  const listen = ({ peerconnection }) =>
    peerconnection.addEventListener('track', ({ track }) => {
      const stream = new MediaStream([track])
      // Chromium gives sound to an analyser only of a stream that an element plays.
      Object.assign(new Audio(), { srcObject: stream, muted: true })
      audio.createMediaStreamSource(stream).connect(ear)
    })
  const agent = new JsSIP.UA({
    sockets: [new JsSIP.WebSocketInterface(url)],
    uri: `sip:${user}@hearthline.invalid`,
    password,
    register_expires: 120,
  })
  agent.on('registered', () => events.push('registered'))
  agent.on('newRTCSession', (event) => {
    session = event.session
    events.push('rings')
    session.on('confirmed', () => events.push('confirmed'))
    session.on('peerconnection', listen)
  })
  agent.start()
}
