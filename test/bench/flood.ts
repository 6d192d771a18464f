/**
 * Load generator for `ingest`, run as a process of its own: keep-alive sockets that each send one
 * body after the other with bytes written by hand, so that the client costs little.
 *
 *   node --import tsx flood.ts '{"host","port","seconds","connections","path","type","body","idOffset"}'
 *
 * `body` is base64, or @ and the name of a file; the 16 bytes at `idOffset` are new in every request. Prints a line of JSON when
 * it has warmed up, { counting }, and one at the end, { answered, ok, seconds }.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

interface Flood {
  readonly host: string;
  readonly port: number;
  readonly seconds: number;
  readonly connections: number;
  readonly path: string;
  readonly type: string;
  readonly body: string;
  readonly idOffset: number;
}

const flood = JSON.parse(process.argv[2] ?? '{}') as Flood;
const body = flood.body.startsWith('@')
  ? readFileSync(flood.body.slice(1))
  : Buffer.from(flood.body, 'base64');
const head = Buffer.from(
  `POST ${flood.path} HTTP/1.1\r\nHost: ${flood.host}\r\nContent-Type: ${flood.type}\r\n` +
    `Content-Length: ${body.length}\r\n\r\n`,
);
const ids = randomBytes(16);
let counter = 0;
let ok = 0;
let answered = 0;
let counting = false;
let stopping = false;

function nextId(): Buffer {
  ids.writeUInt32LE(counter++, 0);
  return ids;
}

function one(): void {
  const socket = connect(flood.port, flood.host);
  socket.setNoDelay(true);
  const request = Buffer.concat([head, body]);
  const send = (): void => {
    if (flood.idOffset >= 0) nextId().copy(request, head.length + flood.idOffset);
    socket.write(request);
  };
  let answer = '';
  socket.on('connect', send);
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
    const end = answer.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = /content-length: (\d+)/i.exec(answer);
    if (answer.length < end + 4 + Number(length?.[1] ?? 0)) return;
    if (counting) {
      answered += 1;
      if (answer.startsWith('HTTP/1.1 20')) ok += 1;
    }
    answer = '';
    if (stopping) socket.destroy();
    else send();
  });
}

for (let i = 0; i < flood.connections; i++) one();
/** The server's code is compiled by then. */
const WARM_UP_MS = flood.seconds > 1 ? 1000 : 300;
setTimeout(() => {
  process.stdout.write('{"counting":true}\n');
  counting = true;
  const start = performance.now();
  setTimeout(() => {
    counting = false;
    stopping = true;
    const seconds = (performance.now() - start) / 1000;
    process.stdout.write(`${JSON.stringify({ answered, ok, seconds })}\n`);
    setTimeout(() => process.exit(0), 100);
  }, flood.seconds * 1000);
}, WARM_UP_MS);
