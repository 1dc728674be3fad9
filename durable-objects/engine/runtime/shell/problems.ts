/** What ends the expansion of a word. */

/** Thrown when a command substitution must run first: its node. */
export class NeedSubstitution extends Error {
  override name = "NeedSubstitution";
  readonly body: number;
  constructor(body: number) {
    super("substitution");
    this.body = body;
  }
}

/** One word grew beyond what a process may hold. */
export class MemoryProblem extends Error {
  override name = "MemoryProblem";
}

/** Ends the command, and a shell that is not interactive. */
export class ExpansionProblem extends Error {
  override name = "ExpansionProblem";
}
