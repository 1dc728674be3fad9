/**
 * Logins from one node to another: table "ssh", a record for each. The client's process and the command there are in two machines,
 * which never run at once; what goes between them lies here, and machine-links.ts hands it over.
 */
import type { Records } from "../../ports/controller.ts";

const linksTable = "ssh";
/** Handles have no spaces: a process may wait for several at once, told with spaces between them. */
const prefix = "ssh:";

export interface Link {
  /** Record of the client's machine, and the key of its process there. */
  from: string;
  process: number;
  /** Node that it is logged in to. */
  to: string;
  command: string[];
  tty: boolean;
  cols?: number;
  rows?: number;
  /** The command's session there, once it runs. */
  session?: string;
  /** Bytes for it that it has not been given. */
  input: string;
  inputEnded?: true;
  /** What it printed and the client has not taken. */
  stdout: string;
  stderr: string;
  /** Exit code, once it is over. */
  exit?: number;
  /** The other machine is gone. */
  lost?: true;
}

export const isLinkHandle = (handle: string): boolean => handle.startsWith(prefix);

export const link = (records: Records, handle: string): Link | undefined =>
  records.get<Link>(linksTable, handle);

export const putLink = (records: Records, handle: string, value: Link): void =>
  records.put(linksTable, handle, value);

export const removeLink = (records: Records, handle: string): void =>
  records.delete(linksTable, handle);

/** A handle for a new one. */
export const linkHandle = (machine: string, id: number): string => `${prefix}${machine}:${id}`;

/** Whether there is something for its client to take. */
export function linkHasNews(records: Records, handle: string): boolean {
  const known = link(records, handle);
  if (!known) return true;
  const { stdout, stderr, exit, lost } = known;
  return stdout !== "" || stderr !== "" || exit !== undefined || lost === true;
}

/** All, in the order of their handles. */
export function links(records: Records): [handle: string, Link][] {
  const handles = [...records.keys(linksTable)];
  return handles.flatMap((handle) => {
    const value = link(records, handle);
    return value ? [[handle, value]] : [];
  });
}

export const hasLinks = (records: Records): boolean =>
  records.keys(linksTable, true)[Symbol.iterator]().next().done !== true;
