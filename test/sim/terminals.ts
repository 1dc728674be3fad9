/**
 * What containers say to those who listen: commands in them, their logs, followed logs, requests through the API server's
 * proxy. All of it is kept, word for word: lost memory and late alarms must change no byte.
 */
import type {
  CommandSession,
  LogFollow,
  ProxyPending,
} from "../../durable-objects/engine/ports.ts";
import type { Any, Simulation } from "./simulation.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const upgrade = { headers: { upgrade: "websocket" } };

/** Scripts for a shell in a container; `$1` of those that read is typed later. */
export const scripts = [
  "echo hello; hostname; exit 3",
  "i=0; while [ $i -lt 12 ]; do i=$((i+1)); echo $i $RANDOM; sleep 2; done",
  "while read a b; do echo got $b $a; done; cat; echo end",
  "cat",
  "seq 1 3000; sleep 5; echo end",
  "sleep 40; echo up & wait; echo $?",
  "echo x >> /tmp/said; wc -l < /tmp/said; ls -l /tmp | wc -l; cat /tmp/said",
  "trap 'echo caught' INT TERM; sleep 20; echo after",
  "yes | head -n 4000 | md5sum; date +%s",
  "f() { [ $1 -gt 0 ] && { f $(($1-1)); echo $1; }; }; f 9 | tac 2>/dev/null || f 9",
  "no-such-command; echo $?",
];

export const typed = ["one two\n", "half a li", "ne\nthree four", "\n", "x".repeat(3_000) + "\n"];

interface Open {
  name: string;
  session: CommandSession;
  text: string;
  ended: boolean;
}

interface Follow {
  name: string;
  text: string;
  follow: LogFollow | undefined;
}

interface Proxied {
  name: string;
  pending: ProxyPending;
}

export class Terminals {
  readonly #sim: Simulation;
  readonly #open: Open[] = [];
  readonly #follows: Follow[] = [];
  #proxied: Proxied[] = [];
  /** What was said, in the order in which it was heard. */
  readonly heard: string[] = [];
  #count = 0;

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  exec(url: string, container: string, script: string): void {
    const command = ["sh", "-c", script].map((word) => `command=${encodeURIComponent(word)}`);
    const stdin = /read|cat$/.test(script) ? "&stdin=true" : "";
    const query = `${command.join("&")}${stdin}&stdout=true&stderr=true&container=${container}`;
    const reply = this.#sim.raw("GET", `${url}/exec?${query}`, undefined, upgrade);
    const name = `exec ${++this.#count} in ${url}`;
    if (reply.type !== "session" || reply.kind === "portforward") {
      return this.#refused(name, reply);
    }
    const { session } = reply;
    this.#open.push({ name, session, text: "", ended: false });
    this.#read(this.#open.at(-1) as Open);
  }

  #refused(name: string, reply: Any): void {
    this.#sim.look("answer", {
      request: name,
      status: reply.status,
      text: String(reply.body),
      kept: false,
    });
    this.heard.push(`${name}: ${reply.status}`);
  }

  get #live(): Open[] {
    return this.#open.filter((o) => !o.ended);
  }

  type(at: number, text: string): void {
    this.#with(at, (open) => {
      this.#sim.session((sessions) => sessions.write(open.session, encoder.encode(text)));
    });
  }

  closeInput(at: number): void {
    this.#with(at, ({ session }) => this.#sim.session((sessions) => sessions.closeInput(session)));
  }

  hangUp(at: number): void {
    this.#with(at, (open) => {
      open.ended = true;
      this.#sim.session((sessions) => sessions.end(open.session));
    });
  }

  #with(at: number, body: (open: Open) => void): void {
    const live = this.#live;
    const open = live[at % Math.max(live.length, 1)];
    if (open) body(open);
  }

  #read(open: Open): void {
    const { session } = open;
    // What a session has to say may be without end; a client reads on the next time.
    for (let i = 0; i < 4 && !open.ended && this.#sim.world.engine.sessions.hasNews(session); i++) {
      const news = this.#sim.session((sessions) => sessions.read(session));
      open.text += decoder.decode(news.stdout) + decoder.decode(news.stderr);
      if (!news.status) continue;
      open.ended = true;
      this.heard.push(`${open.name}: ${open.text} ${JSON.stringify(news.status)}`);
    }
  }

  log(url: string, container: string, query: string): void {
    const answer = this.#sim.request("GET", `${url}/log?container=${container}${query}`);
    this.heard.push(`log of ${url} ${container}: ${answer.status} ${answer.text}`);
  }

  follow(url: string, container: string): void {
    const asked = `${url}/log?container=${container}&follow=true&timestamps=true`;
    const reply = this.#sim.raw("GET", asked);
    const name = `follow ${++this.#count} of ${url}`;
    if (reply.type !== "follow") return;
    this.#follows.push({ name, text: reply.text, follow: reply.follow });
  }

  proxy(url: string): void {
    const reply = this.#sim.raw("GET", url);
    const name = `proxy ${++this.#count} ${url}`;
    if (reply.type === "reply") return void this.heard.push(`${name}: ${reply.status}`);
    if (reply.type === "pending") this.#proxied.push({ name, pending: reply });
  }

  /** After a turn, as the object's adapters do. */
  read(): void {
    for (const open of this.#live) this.#read(open);
    const { engine } = this.#sim.world;
    for (const item of this.#follows) {
      if (!item.follow) continue;
      const { text, follow, ended } = engine.pollLog(item.follow);
      item.text += text;
      item.follow = ended ? undefined : follow;
    }
    this.#proxied = this.#proxied.filter(({ name, pending }) => {
      const reply = this.#sim.pollProxy(pending);
      if (!reply) return true;
      this.heard.push(`${name}: ${reply.status} ${decodeBody(reply.body)}`);
      return false;
    });
  }

  /** Everybody hangs up; what was said so far counts. */
  end(): string[] {
    for (const { name, text, ended } of this.#open) {
      if (!ended) this.heard.push(`${name}: ${text} (goes on)`);
    }
    for (const { name, text } of this.#follows) this.heard.push(`${name}: ${text}`);
    for (const { name } of this.#proxied) this.heard.push(`${name}: no answer`);
    return this.heard;
  }
}

const decodeBody = (body: string | Uint8Array): string =>
  typeof body === "string" ? body : decoder.decode(body);
