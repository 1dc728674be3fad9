/** Work shared out to processes: each is given one number after the other, and answers. */
import { fork, type ChildProcess } from "node:child_process";

/** In a process of its own: answers what it is given. */
export function serve(answer: (task: number) => unknown): void {
  process.on("message", (task: number) => process.send?.(answer(task)));
}

export interface Shared<T> {
  jobs: number;
  /** Runs as the same program with arguments that make it serve. */
  program: string;
  args: string[];
  /** The next task; undefined: no more. */
  next(): number | undefined;
  take(answer: T): void;
  /** Its process ended while it was under way. */
  died(task: number, how: string): void;
}

export async function share<T>(work: Shared<T>): Promise<void> {
  await Promise.all(Array.from({ length: work.jobs }, () => one(work)));
}

function one<T>(work: Shared<T>): Promise<void> {
  return new Promise((resolve) => {
    let task = work.next();
    if (task === undefined) return resolve();
    const child: ChildProcess = fork(work.program, work.args);
    child.on("message", (answer: T) => {
      work.take(answer);
      task = work.next();
      if (task === undefined) child.disconnect();
      else child.send(task);
    });
    child.on("exit", (code, signal) => {
      if (task === undefined) return resolve();
      work.died(task, String(signal ?? code));
      resolve(one(work));
    });
    child.send(task);
  });
}
