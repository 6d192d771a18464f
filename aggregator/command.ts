/** What a sub-command of `vitrine` is. */

export interface CommandOutput {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

export interface Command {
  /** One line of the list that `vitrine help` prints. */
  readonly summary: string;
  readonly usage: string;
  /**
   * @param args behind the command's name.
   * @returns the exit code; a server goes on after that.
   * @throws UsageError for arguments that it does not take.
   */
  run(args: readonly string[], output: CommandOutput): Promise<number>;
}
