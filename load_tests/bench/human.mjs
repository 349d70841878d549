// @vladmandic/human in Node, with its WebAssembly backend: the contract of contestant.py.
//
// node human.mjs PACKAGES FRAMES WIDTH HEIGHT [FACES]; PACKAGES is the folder above node_modules.

import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MARK = 'contestant:';
const NETWORK_SIDE = 64;
const FACE_SIDE = 48;
const LABELS = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'];

const [packages, framesPath, widthText, heightText, facesPath] = process.argv.slice(2);
const [width, height] = [Number(widthText), Number(heightText)];
const require = createRequire(join(packages, 'package.json'));
const models = join(packages, 'node_modules/@vladmandic/human/models');
const say = (answer) => process.stdout.write(`${MARK}${JSON.stringify(answer)}\n`);

// The WebAssembly build loads models over HTTP only.
const server = createServer((request, response) => {
  response.end(readFileSync(join(models, request.url.split('/').pop())));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
server.unref();
const address = `http://127.0.0.1:${server.address().port}/`;

// By its path: the package exports the build for tfjs-node only, which downloads a library.
const { Human } = require(join(packages, 'node_modules/@vladmandic/human/dist/human.node-wasm.js'));
const human = new Human({
  backend: 'wasm',
  debug: false,
  wasmPath: `${join(packages, 'node_modules/@tensorflow/tfjs-backend-wasm/dist')}/`,
  modelBasePath: address,
  // No answer may be the one of an earlier frame; following the face between detections may.
  cacheSensitivity: 0,
  filter: { enabled: false },
  face: {
    enabled: true,
    detector: { maxDetected: 1 },
    mesh: { enabled: true },
    emotion: { enabled: true, skipFrames: 0, skipTime: 0 },
    iris: { enabled: false },
    description: { enabled: false },
    antispoof: { enabled: false },
    liveness: { enabled: false },
  },
  body: { enabled: false },
  hand: { enabled: false },
  gesture: { enabled: false },
  object: { enabled: false },
});
await human.load();
const { tf } = human;

const bytes = readFileSync(framesPath);
const size = width * height * 3;
const count = bytes.length / size;

async function score(index) {
  const frame = tf.tensor3d(bytes.subarray(index * size, (index + 1) * size), [height, width, 3], 'int32');
  const result = await human.detect(frame);
  frame.dispose();
  if (result.error) throw new Error(result.error);
  return result.face.some((face) => face.emotion?.length) ? 1 : 0;
}

async function frames() {
  const began = performance.now();
  let found = 0;
  for (let index = 0; index < count; index += 1) found += await score(index);
  return { frames: count, found, seconds: (performance.now() - began) / 1000 };
}

async function labels() {
  const network = await tf.loadGraphModel(`${address}emotion.json`);
  const faces = readFileSync(facesPath);
  const labelled = [];
  for (let start = 0; start < faces.length; start += FACE_SIDE ** 2) {
    const best = tf.tidy(() => {
      const face = tf.tensor4d(faces.subarray(start, start + FACE_SIDE ** 2), [1, FACE_SIDE, FACE_SIDE, 1], 'float32');
      const scaled = tf.image.resizeBilinear(face, [NETWORK_SIDE, NETWORK_SIDE]);
      const centred = tf.mul(tf.sub(tf.div(scaled, 255), 0.5), 2);
      return tf.argMax(network.execute(centred), 1).dataSync()[0];
    });
    labelled.push(LABELS[best]);
  }
  return { labels: labelled };
}

await score(0);
say('ready');
for await (const line of createInterface({ input: process.stdin })) {
  say(line.trim() === 'frames' ? await frames() : await labels());
}
process.exit(0);
