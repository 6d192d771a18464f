/** Command lines whose values may begin with a dash. */

/**
 * Joins a flag to the value behind it. One base64url key in 64 begins with a dash, and parseArgs
 * takes such a value only behind an equals sign.
 *
 * @param flags that always have a value, with their dashes.
 */
export function joinValues(args: readonly string[], flags: readonly string[]): string[] {
  const joined: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const [flag, value] = [args[at] as string, args[at + 1]];
    if (!flags.includes(flag) || value === undefined) joined.push(flag);
    else {
      joined.push(`${flag}=${value}`);
      at++;
    }
  }
  return joined;
}
