/** What a shell remembers of its jobs, and of a completion under way: plain JSON, as all of its state. */
import type { Word as CompletedWord } from "../../readline/completion.ts";

export interface Job {
  number: number;
  /** The last one's status is the job's. */
  pids: number[];
  /** Absent: it runs. */
  status?: number;
  /** Signal that ended it. */
  signal?: number;
  /** The command. */
  text: string;
  told?: 1;
  /** `wait` has returned its status: forgotten at the next fork. */
  waited?: 1;
  /** The parent shell's: listed, not waited for. */
  inherited?: 1;
  /** Its process group; absent: it was started without job control. */
  group?: number;
  /** The shell waits for it, and it has the terminal. */
  foreground?: true;
  /** What ended before the whole has: status and signal, by pid. */
  ended?: Record<string, [status: number, signal?: number]>;
  /** Which of its processes are stopped, and the signal, once all are. */
  stopped?: number[];
  stopSignal?: number;
  /** How it stands has been told. */
  notified?: true;
  /** Commands of a pipeline's processes. */
  parts?: string[];
  /** Folder it was started in. */
  folder?: string;
}

/** Keys wait while a function finds out what may be completed. */
export interface CompletionFrame {
  kind: "complete";
  word: CompletedWord;
  /** Whose completion it is; it may have been loaded and be asked for again. */
  spec: string;
  lists: boolean;
  again: boolean;
  tries: number;
  /** Status, last argument, statuses of the last pipeline. */
  before: { status: number; lastArgument?: string; pipeStatus?: number[] };
}
