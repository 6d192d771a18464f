/** The `vitrine` command: each of its sub-commands stands in a file of its own. */
import { Unreachable, UsageError } from './audit/web.ts';
import { auditCommand } from './audit-command.ts';
import { catalogueCommand } from './catalogue-command.ts';
import type { Command, CommandOutput } from './command.ts';
import { doctorCommand } from './doctor.ts';
import { newCommand } from './new-command.ts';
import { planCommand } from './plan-command.ts';
import { serveCommand } from './serve-command.ts';

const COMMANDS: Readonly<Record<string, Command>> = {
  audit: auditCommand,
  catalogue: catalogueCommand,
  new: newCommand,
  plan: planCommand,
  serve: serveCommand,
  doctor: doctorCommand,
};

function help(): string {
  const lines = Object.entries(COMMANDS).map(
    ([name, { summary }]) => `  ${name.padEnd(11)}${summary}`,
  );
  return `vitrine COMMAND [options]

${lines.join('\n')}

vitrine COMMAND --help says more.
`;
}

/** Runs the command with what stands behind its name. @returns its exit code. */
export async function command(args: readonly string[], output: CommandOutput): Promise<number> {
  const [name, ...rest] = args;
  const found = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name ?? ''] : undefined;
  try {
    if (found !== undefined) return await found.run(rest, output);
    if (name === '--help' || name === 'help') {
      output.out(help());
      return 0;
    }
    throw new UsageError(name === undefined ? 'a command is needed' : `no command '${name}'`);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof Unreachable)) throw error;
    const usage = error instanceof UsageError ? `\n\n${found?.usage ?? help()}` : '\n';
    output.err(`vitrine: ${error.message}${usage}`);
    return 2;
  }
}

/** The process: writes to its streams and sets its exit code. */
export async function main(): Promise<void> {
  try {
    process.exitCode = await command(process.argv.slice(2), {
      out: (text) => void process.stdout.write(text),
      err: (text) => void process.stderr.write(text),
    });
  } catch (error) {
    process.stderr.write(`vitrine: ${(error as Error).stack}\n`);
    process.exitCode = 2;
  }
}
