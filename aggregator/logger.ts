/** One line of JSON an event, without addresses, report ids or bodies. */

type Level = 'info' | 'warn' | 'error';
type Fields = Readonly<Record<string, string | number | boolean | null>>;
export type Logger = (level: Level, event: string, fields?: Fields) => void;

/** Writes lines to `out`, by default standard error. */
export function jsonLogger(
  out: { write(text: string): unknown } = process.stderr,
  now: () => number = Date.now,
): Logger {
  return (level, event, fields = {}) => {
    const time = new Date(now()).toISOString();
    out.write(`${JSON.stringify({ time, level, event, ...fields })}\n`);
  };
}

export const silentLogger: Logger = () => undefined;
