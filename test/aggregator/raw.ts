/** HTTP by hand over a socket, for what no client would send. */
import { connect } from 'node:net';
import { REPORT_CONTENT_TYPE } from '../../shared/protocol/report.ts';

/** Writes the parts one after the other; resolves with all that came back until the close. */
export function raw(url: string, ...parts: readonly (string | Uint8Array)[]): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
    for (const part of parts) socket.write(part);
  });
}

/** Head of a report's POST with more lines; the last one says that the connection ends. */
export function reportHead(...lines: readonly string[]): string {
  const all = ['POST /v1/reports HTTP/1.1', 'Host: x', `Content-Type: ${REPORT_CONTENT_TYPE}`];
  return `${[...all, ...lines].join('\r\n')}\r\n\r\n`;
}

/** Status codes of the answers in what came back, in order. */
export function statusesOf(answer: string): number[] {
  return [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code));
}
