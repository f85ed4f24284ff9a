/** The error of a command, whose message is all that is printed. */

/** A failure that the user can do something about: its message is the whole of what is printed. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: 1 | 2;

  /** @param exitCode 2 for a command that was written wrongly, 1 for everything else. */
  constructor(message: string, exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
