import type { KubectlBinary } from "../helpers/kubectl.ts";
import { embedElsewhere, scenarioForThirty } from "./classroom.ts";
import { besideItsOriginal, forkGoesOn, snapshotByLink, undo } from "./moments.ts";
import { anonymousLab, inviteViewer, signInKeeps, withdraw } from "./people.ts";
import { openStage, type Stage } from "./stage.ts";

export interface TourOptions {
  /** Of the server, by its address. */
  url: string;
  /** Chromium's. */
  executablePath: string;
  binary: KubectlBinary;
  /** Told a line for each step. */
  say: (line: string) => void;
}

/** Each goes on where the one before ended, and says what was seen. */
const steps: [title: string, act: (stage: Stage) => Promise<string>][] = [
  ["anonymous lab", anonymousLab],
  ["sign-in with a passkey keeps it", signInKeeps],
  ["invite as viewer", inviteViewer],
  ["withdraw", withdraw],
  ["snapshot by link", snapshotByLink],
  ["fork by another person", forkGoesOn],
  ["a fork beside its original", besideItsOriginal],
  ["undo", undo],
  ["a saved scenario for 30 learners", scenarioForThirty],
  ["embedded on another origin", embedElsewhere],
];

/** Throws at the first step that does not hold. */
export async function tour({ say, ...options }: TourOptions): Promise<void> {
  const stage = await openStage(options);
  try {
    for (const [at, [title, act]] of steps.entries()) {
      const began = performance.now();
      try {
        const seen = await act(stage);
        const seconds = ((performance.now() - began) / 1000).toFixed(1);
        say(`${String(at + 1).padStart(2)} ${title} (${seconds} s): ${seen}`);
      } catch (error) {
        throw new Error(`${at + 1} ${title}: ${String(error)}`, { cause: error });
      }
    }
  } finally {
    await stage.close();
  }
}
