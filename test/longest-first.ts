import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files that take many seconds begin before the others of their project, so that no worker is left alone with one at the end. Where
 * they have run before, vitest knows how long each took.
 */
const long = [
  "sim/sim",
  "kubectl-parity",
  "fuzz/long",
  "behaviours/practice",
  "work-bounds",
  "checkpoint-portions",
  "loop/clock",
  "tidy",
  "clients/watchdog",
  "clients/start",
  "kubectl-transcripts",
  "web/tour",
  "web/people",
  "web/account",
  "worker/tenancy",
  "worker/forks",
].map((name) => `${name}.test.ts`);

const place = ({ moduleId }: TestSpecification): number => {
  const at = long.findIndex((name) => moduleId.endsWith(name));
  return at < 0 ? long.length : at;
};

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    // Projects stay together, in the order in which they came.
    const projects = [...new Set(sorted.map(({ project }) => project))];
    return projects.flatMap((project) =>
      sorted.filter((file) => file.project === project).toSorted((a, b) => place(a) - place(b)),
    );
  }
}
