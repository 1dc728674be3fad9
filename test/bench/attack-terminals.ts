/** Attacks that are typed into a terminal. */
import { WebSocket } from "ws";
import { core, send, type Attack, type Target } from "./attack-target.ts";

/** Keys go in at once, in pieces that a page would send; what the terminal said last is the note. */
const typed = (name: string, keys: () => string, meanwhile?: Attack["run"]): Attack => ({
  name: `terminal: ${name}`,
  async run(target) {
    const { url, id, secret } = target;
    const address = `${url.replace(/^http/, "ws")}/api/sandboxes/${id}/terminals/main?cols=80&rows=24`;
    const socket = new WebSocket(address, { headers: { authorization: `Bearer ${secret}` } });
    let said = "";
    let position = 0;
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      if (!isBinary) return;
      position += data.length;
      said = `${said}${data.toString()}`.slice(-200);
      socket.send(JSON.stringify({ shown: position }));
    });
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    socket.on("error", () => {});
    const bytes = Buffer.from(keys());
    for (let at = 0; at < bytes.length; at += 32 * 1024)
      socket.send(bytes.subarray(at, at + 32 * 1024));
    await meanwhile?.(target);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    socket.close();
    return `${position} bytes, ${JSON.stringify(said.slice(-60))}`;
  },
  afterMs: 5_000,
});

async function manyChanges(target: Target): Promise<string> {
  const merge = "application/merge-patch+json";
  await send(target, "POST", `${core}/configmaps`, { metadata: { name: "hot" } });
  for (let i = 0; i < 1_000; i++)
    await send(target, "PATCH", `${core}/configmaps/hot`, { data: { n: String(i) } }, merge);
  return "";
}

export const terminalAttacks: Attack[] = [
  typed("a paste of 3 MB", () => `\x1b[200~${"x".repeat(3_000_000)}\x1b[201~\r`),
  typed("a fork bomb", () => ":(){ :|:& };:\r"),
  typed("yes", () => "yes\r"),
  typed("cat /dev/urandom", () => "cat /dev/urandom\r"),
  typed("a loop without end", () => "while :; do :; done\r"),
  typed("kubectl get -w on a flood", () => "kubectl get cm -w\r", manyChanges),
];
