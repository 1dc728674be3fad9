/** stty: how a terminal reads and echoes. What it prints is coreutils'. */
import type { Program } from "../../kernel/types.ts";
import type { Session } from "../../kernel/state.ts";
import { tool } from "../tool.ts";

interface Modes {
  icanon: boolean;
  isig: boolean;
  echo: boolean;
}

const modesOf = (session: Session): Modes => ({
  icanon: !session.raw,
  isig: !session.noSignals,
  echo: session.echo ?? !session.raw,
});

function setModes(session: Session, { icanon, isig, echo }: Modes): void {
  delete session.raw;
  delete session.noSignals;
  delete session.echo;
  if (!icanon) session.raw = true;
  if (!isig) session.noSignals = true;
  if (echo !== icanon) session.echo = echo;
}

const sign = (on: boolean, name: string): string => `${on ? "" : "-"}${name}`;

/** All that `stty -a` says; what a terminal of a container cannot change is as the kernel begins it. */
function all(session: Session): string {
  const { icanon, isig, echo } = modesOf(session);
  return [
    `speed 38400 baud; rows ${session.rows ?? 24}; columns ${session.cols ?? 80}; line = 0;`,
    "intr = ^C; quit = ^\\; erase = ^?; kill = ^U; eof = ^D; eol = <undef>;",
    "eol2 = <undef>; swtch = <undef>; start = ^Q; stop = ^S; susp = ^Z; rprnt = ^R;",
    "werase = ^W; lnext = ^V; discard = ^O; min = 1; time = 0;",
    "-parenb -parodd -cmspar cs8 -hupcl -cstopb cread -clocal -crtscts",
    `-ignbrk -brkint -ignpar -parmrk -inpck -istrip -inlcr -igncr ${sign(icanon, "icrnl")} -ixon -ixoff`,
    "-iuclc -ixany -imaxbel iutf8",
    "opost -olcuc -ocrnl onlcr -onocr -onlret -ofill -ofdel nl0 cr0 tab0 bs0 vt0 ff0",
    `${sign(isig, "isig")} ${sign(icanon, "icanon")} iexten ${sign(echo, "echo")} echoe echok -echonl -noflsh -xcase -tostop -echoprt`,
    "echoctl echoke -flusho -extproc",
    "",
  ].join("\n");
}

/** What differs from a sane terminal. */
function different(session: Session): string {
  const { icanon, isig, echo } = modesOf(session);
  const changed = [
    ...(isig ? [] : ["-isig"]),
    ...(icanon ? [] : ["-icanon"]),
    ...(echo ? [] : ["-echo"]),
  ];
  return [
    "speed 38400 baud; line = 0;",
    ...(icanon ? [] : ["min = 1; time = 0;"]),
    "-brkint -imaxbel iutf8",
    ...(changed.length ? [changed.join(" ")] : []),
    "",
  ].join("\n");
}

/** Settings that are known and change nothing here. */
const accepted = new Set(
  "brkint icrnl imaxbel ixon ixoff ixany iutf8 opost onlcr iexten echoe echok echoctl echoke tostop hupcl cs8 evenp oddp nl".split(
    " ",
  ),
);

function changed(modes: Modes, word: string): Modes | undefined {
  const name = word.replace(/^-/, "");
  const on = !word.startsWith("-");
  if (name === "raw") return { ...modes, icanon: !on, isig: !on };
  if (name === "cooked") return { ...modes, icanon: on, isig: on };
  if (name === "cbreak") return { ...modes, icanon: !on };
  if (word === "sane") return { icanon: true, isig: true, echo: true };
  if (name === "icanon" || name === "isig" || name === "echo") return { ...modes, [name]: on };
  return accepted.has(name) ? modes : undefined;
}

/** What `stty -g` prints, as the kernel's flags. Linux: include/uapi/asm-generic/termbits.h */
function encoded(session: Session): string {
  const { icanon, isig, echo } = modesOf(session);
  const local = 0x8a30 + (isig ? 1 : 0) + (icanon ? 2 : 0) + (echo ? 8 : 0);
  return `${icanon ? "4500" : "4400"}:5:bf:${local.toString(16)}:3:1c:7f:15:4:0:1:0:11:13:1a:0:12:f:17:16:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0\n`;
}

function decoded(word: string): Modes | undefined {
  const local = /^[0-9a-f]+:[0-9a-f]+:[0-9a-f]+:([0-9a-f]+)(?::[0-9a-f]+)+$/.exec(word)?.[1];
  if (local === undefined) return undefined;
  const flags = Number.parseInt(local, 16);
  return { isig: (flags & 1) !== 0, icanon: (flags & 2) !== 0, echo: (flags & 8) !== 0 };
}

export const stty: Program = tool("stty", (io) => {
  const session = io.sys.terminal(0);
  if (!session) return io.fail("'standard input': Inappropriate ioctl for device");
  if (io.args.length === 0) io.out(different(session));
  let modes = modesOf(session);
  for (let i = 0; i < io.args.length; i++) {
    const word = io.args[i]!;
    if (word === "-F" || word === "--file") i++;
    else if (word === "size") io.out(`${session.rows ?? 24} ${session.cols ?? 80}\n`);
    else if (word === "-g" || word === "--save") io.out(encoded(session));
    else if (word === "-a" || word === "--all") io.out(all(session));
    else if (/^(?:min|time|rows|cols|columns|speed|erase|intr|kill|eof|susp|quit)$/.test(word)) i++;
    else {
      const next = changed(modes, word) ?? decoded(word);
      if (!next)
        return io.fail(`invalid argument '${word}'\nTry 'stty --help' for more information.`);
      modes = next;
    }
  }
  io.sys.kernel.touch();
  setModes(session, modes);
  return 0;
});
