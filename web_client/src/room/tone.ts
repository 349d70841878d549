/** A short tone, made here: no file to load. */

const HERTZ = 660;
const SECONDS = 0.35;
const VOLUME = 0.15;

let context: AudioContext | null = null;

/** Browsers let a page sound once somebody has pressed something in it. */
export function sound(): void {
  context ??= new AudioContext();
  void context.resume();
  const tone = new OscillatorNode(context, { frequency: HERTZ });
  const volume = new GainNode(context, { gain: VOLUME });
  const end = context.currentTime + SECONDS;
  volume.gain.setValueAtTime(VOLUME, end - SECONDS / 2);
  volume.gain.linearRampToValueAtTime(0, end);
  tone.connect(volume).connect(context.destination);
  tone.start();
  tone.stop(end);
}
