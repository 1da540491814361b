import type { CallLeg, Whisperer } from './call-leg.ts'
import { FRAME, Inlet } from './inlet.ts'
import { addClipped, Leg } from './leg.ts'
import type { SnoopSides } from './messages.ts'

/**
 * A virtual leg on another one. Its taps are attached only while it is in a bridge: what sounded before is nowhere
 * (G24-7.5a), and what is spied is never kept longer than the playout buffer.
 */
export class SnoopLeg extends Leg implements Whisperer {
  readonly needsMix = true
  readonly target: CallLeg
  private readonly sides: SnoopSides
  private readonly inlets: Inlet[] = []
  private readonly spied = new Int16Array(FRAME)
  private readonly second = new Int16Array(FRAME)
  private readonly whisper = new Int16Array(FRAME)
  private freshIn = false
  private freshOut = false
  private attached = false

  constructor(id: string, target: CallLeg, sides: SnoopSides) {
    super(id)
    this.target = target
    this.sides = sides
  }

  contribute(): Int16Array | null {
    const [first, second] = this.inlets
    if (!first) return null
    const present = first.read(this.spied)
    if (!second?.read(this.second)) return present ? this.spied : null
    addClipped(this.spied, this.second)
    return this.spied
  }

  /** What the snoop's bridge says becomes the whisper of the next tick. */
  tick(): void {
    const says = this.offered !== null && this.sides.whisper !== 'none'
    if (says && this.offered) this.whisper.set(this.offered)
    this.freshIn = says
    this.freshOut = says
  }

  takeWhisper(side: 'in' | 'out'): Int16Array | null {
    const wanted = this.sides.whisper === side || this.sides.whisper === 'both'
    const fresh = side === 'in' ? this.freshIn : this.freshOut
    if (side === 'in') this.freshIn = false
    else this.freshOut = false
    return wanted && fresh ? this.whisper : null
  }

  /** Called when it joins or leaves a bridge, or the bridge changes: attaches or detaches its taps. */
  restart(): void {
    if (this.bridge && !this.attached) this.attach()
    else if (!this.bridge && this.attached) this.detach()
  }

  async close(): Promise<void> {
    this.detach()
  }

  private attach(): void {
    this.attached = true
    const { spy, whisper } = this.sides
    if (spy === 'in' || spy === 'both') this.tap(this.target.inTaps)
    if (spy === 'out' || spy === 'both') this.tap(this.target.outTaps)
    if (whisper === 'none') return
    this.target.whisperers.add(this)
    this.target.bridge?.arrange()
  }

  private tap(taps: Inlet[]): void {
    const inlet = new Inlet()
    this.inlets.push(inlet)
    taps.push(inlet)
  }

  private detach(): void {
    this.attached = false
    for (const taps of [this.target.inTaps, this.target.outTaps]) {
      for (const inlet of this.inlets) {
        const index = taps.indexOf(inlet)
        if (index >= 0) taps.splice(index, 1)
      }
    }
    this.inlets.length = 0
    if (this.target.whisperers.delete(this)) this.target.bridge?.arrange()
  }
}
