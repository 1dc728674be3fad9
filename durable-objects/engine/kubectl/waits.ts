/** What a process waits for, in the kernel's names. */
import type { Wait } from "../runtime/kernel/state.ts";

export const until = (ms: number): Wait => ({ t: ms });
export const childEnds = (): Wait => ({ ch: true });
export const readable = (fd: number): Wait => ({ r: [fd] });
/** News of a stream, or an answer, by its handle; at the latest at a moment. */
export const answered = (handle: string, ms?: number): Wait => ({
  nt: handle,
  ...(ms === undefined ? {} : { t: ms }),
});
