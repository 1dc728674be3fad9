/** mongod as its connections see it: messages in, answers out. */
import { mongoMessageBytesMax } from "../../../core/limits.ts";
import type { Sys } from "../../../runtime/kernel/types.ts";
import { Errno } from "../../../runtime/errno.ts";
import { intAt, opened } from "./bson.ts";
import { addUser, answer } from "./commands.ts";
import type { Files, Here, Talk } from "./files.ts";
import { askPrimary, runErrands } from "./replica-set.ts";

/** What has come on a connection is answered; undefined: it is hung up on. */
function converse(here: Here, talk: Talk): string | undefined {
  let out = "";
  for (let unread = talk.unread ?? ""; ; unread = talk.unread) {
    const size = intAt(unread, 0);
    if (unread.length < 16 || unread.length < size) return size > mongoMessageBytesMax ? undefined : out; // prettier-ignore
    const one = opened(unread.slice(0, size));
    talk.unread = unread.slice(size);
    if (!one || size < 16) return undefined;
    out += one.answer(answer({ ...here, talk, doc: one.doc }, here.sys.argv.includes("--auth")));
  }
}

/** A value of the image's environment, or of the file that it names. */
function given(sys: Sys, name: string): string | undefined {
  const path = sys.env[`${name}_FILE`];
  try {
    return path ? sys.readFile(path).trim() : sys.env[name];
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return undefined;
  }
}

const root = (sys: Sys): (string | undefined)[] =>
  ["USERNAME", "PASSWORD"].map((name) => given(sys, `MONGO_INITDB_ROOT_${name}`));

/** The image's script locks the server that has a user. docker-library: mongo/docker-entrypoint.sh */
export const locked = (sys: Sys, argv: string[]): string[] =>
  argv[0] === "mongod" && root(sys).every(Boolean) ? [...argv, "--auth"] : argv;

/** A first start's user. */
function firstUser(sys: Sys, files: Files): void {
  const [user, pwd] = root(sys);
  if (user && pwd && sys.argv.includes("--auth"))
    addUser(files, "admin", user, pwd, [{ role: "root", db: "admin" }]);
}

export const mongoServes = { made: firstUser, begin: askPrimary, answer: converse, work: runErrands }; // prettier-ignore
