/** Posts reports over keep-alive connections, one request at a time on each. */
import { Agent, request } from 'node:http';
import { PATHS } from '../../shared/protocol/paths.ts';
import { REPORT_CONTENT_TYPE } from '../../shared/protocol/report.ts';

export interface Client {
  /** Status of the answer, or 0 where none came. */
  post(body: Uint8Array): Promise<number>;
  close(): void;
}

export function clientOf(port: number): Client {
  const agent = new Agent({ keepAlive: true });
  return {
    post: (body) =>
      new Promise((resolve) => {
        const headers = { 'content-type': REPORT_CONTENT_TYPE, 'content-length': body.length };
        const where = { host: '127.0.0.1', port, path: PATHS.reports, method: 'POST' };
        const asked = request({ ...where, agent, headers }, (answer) => {
          answer.resume();
          answer.on('end', () => resolve(answer.statusCode ?? 0));
          answer.on('error', () => resolve(0));
        });
        asked.on('error', () => resolve(0));
        asked.end(body);
      }),
    close: () => agent.destroy(),
  };
}
