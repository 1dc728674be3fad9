/** What less does about files: opens them, goes from one to the next, starts an editor. */
import { Errno } from "../../errno.ts";
import type { Sys } from "../../kernel/types.ts";
import { launch } from "../children.ts";
import { keysOf } from "../screen/keys.ts";
import { closeHelp, press, type Host } from "./commands.ts";
import { Mover } from "./moving.ts";
import { Rows } from "./rows.ts";
import { NeedInput, Source } from "./source.ts";
import { none, type LessState } from "./state.ts";

export class LessHost implements Host {
  readonly sys: Sys;
  readonly state: LessState;
  readonly mover: Mover;

  constructor(sys: Sys, state: LessState) {
    this.sys = sys;
    this.state = state;
    this.mover = new Mover(state, new Rows(sys, state, new Source(sys, state)));
  }

  /** Opens a file; what is wrong with it. */
  #load(name: string): string | undefined {
    const { sys, state } = this;
    try {
      if (name === "-") {
        if (sys.terminal(0)) return "Missing filename";
        state.text ??= "";
        return undefined;
      }
      if (sys.stat(name).type === "d") return `${name} is a directory`;
      const fd = sys.open(name, { read: true });
      if (state.fd !== undefined) sys.close(state.fd);
      state.fd = fd;
      state.size = sys.fileSize(fd) ?? 0;
      this.mover.rows.source.forget();
      return undefined;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return `${name}: ${error.message}`;
    }
  }

  /** The first file that can be read; false: none, or not enough of it has come. */
  begin(): boolean {
    const { state } = this;
    while (state.files.length) {
      const wrong = this.#load(state.files[0] as string);
      if (wrong === undefined) break;
      state.output = [...(state.output ?? []), [2, `${wrong}\n`]];
      state.wrong = true;
      state.files.shift();
      if (state.files.length === 0) {
        state.exitCode = 1;
        return false;
      }
    }
    if (state.wrong) {
      delete state.wrong;
      state.pauses = true;
      state.output = [...(state.output ?? []), [1, "Press RETURN to continue "]];
    }
    const { source } = this.mover.rows;
    const { view } = state;
    if (view.settings.quitsIfOneScreen) {
      while (!source.ended && source.size < 65_536 && source.pull());
      if (!source.ended && !this.#fillsScreen()) return false;
      if (this.#onePage()) return true;
    }
    state.began = true;
    this.fill();
    if (
      view.rows.length &&
      view.rows.length <= this.mover.height &&
      this.mover.atEnd &&
      (view.rows.at(-1) === none || view.rows.length < this.mover.height)
    )
      view.low = true;
    this.#commands();
    return true;
  }

  #commands(): void {
    for (const command of this.state.begins) this.state.keys.push(...keysOf(command).keys);
    if (!this.state.begins.length) return;
    const { view } = this.state;
    try {
      while (this.state.keys.length) press(this, this.state.keys.shift() as string);
    } catch (error) {
      if (!(error instanceof NeedInput)) throw error;
    }
    view.fresh = true;
  }

  #fillsScreen(): boolean {
    this.fill();
    return this.state.view.rows.length >= this.mover.height;
  }

  /** -F: all of it is no more than a screen, and is only printed. */
  #onePage(): boolean {
    const { state, mover } = this;
    if (state.files.length > 1) return false;
    mover.clear();
    const rows: string[] = [];
    let at = 0;
    try {
      while (rows.length <= mover.height) {
        const next = mover.rows.after(at);
        if (next === none) break;
        rows.push(mover.rows.text(at, next));
        at = next;
      }
    } catch (error) {
      if (!(error instanceof NeedInput)) throw error;
      return false;
    }
    if (rows.length > mover.height) return false;
    state.output = [...(state.output ?? []), [1, rows.map((row) => `${row}\n`).join("")]];
    state.exitCode = 0;
    return true;
  }

  /** Draws what has come of a first screen. */
  fill(): void {
    const { state, mover } = this;
    const { view } = state;
    if (view.rows.length >= mover.height) return;
    if (view.next === none && mover.rows.source.ended && view.rows.length) return;
    let next = view.rows.length ? view.next : 0;
    try {
      while (view.rows.length < mover.height) {
        const after = mover.rows.after(next);
        if (after === none) break;
        view.rows.push(next);
        next = after;
      }
      view.next = next;
      if (view.rows.length < mover.height) {
        view.low = true;
        view.next = none;
        while (view.rows.length < mover.height) view.rows.push(none);
      }
    } catch (error) {
      if (!(error instanceof NeedInput)) throw error;
      view.next = next;
    }
  }

  show(at: number): boolean {
    const { state } = this;
    const name = state.files[at];
    if (name === undefined) return false;
    const { view } = state;
    const top = this.mover.top;
    const from = state.files[state.at] ?? "-";
    if (top !== none) state.left[from] = top;
    const wrong = name === "-" && state.text !== undefined ? undefined : this.#load(name);
    if (wrong !== undefined) {
      view.message = wrong;
      return true;
    }
    state.at = at;
    this.#anew(state.left[name] ?? 0);
    return true;
  }

  #anew(at: number): void {
    const { view } = this.state;
    view.anchor = [0, 1];
    delete view.total;
    delete view.low;
    view.fresh = true;
    this.mover.rows.reset();
    this.mover.clear();
    this.mover.forward(this.mover.height, at, true);
  }

  open(name: string): void {
    const { state } = this;
    const wrong = this.#load(name);
    if (wrong !== undefined) {
      state.view.message = wrong;
      return;
    }
    const known = state.files.indexOf(name);
    if (this.mover.top !== none) state.left[state.files[state.at] ?? "-"] = this.mover.top;
    if (known < 0) state.files.splice(state.at + 1, 0, name);
    state.at = known < 0 ? state.at + 1 : known;
    this.#anew(state.left[name] ?? 0);
  }

  forget(): void {
    const { state } = this;
    if (state.files.length < 2) {
      this.mover.bells++;
      return;
    }
    const gone = state.at;
    this.show(gone + 1 < state.files.length ? gone + 1 : gone - 1);
    state.files.splice(gone, 1);
    if (state.at > gone) state.at--;
  }

  reload(): void {
    const { source } = this.mover.rows;
    source.refresh();
    this.redraw();
  }

  redraw(): void {
    delete this.state.picture;
    delete this.state.view.low;
    this.mover.rows.reset();
    this.mover.refresh();
  }

  quit(): void {
    if (this.state.view.help) closeHelp(this);
    else this.state.exitCode = 0;
  }

  /** F: what has come since is shown. */
  followEnd(): void {
    const { view } = this.state;
    const { source } = this.mover.rows;
    const marks = view.marks["'"];
    const last = this.mover.rows.before(source.size);
    this.mover.clear();
    this.mover.jump(last === none ? 0 : last, this.mover.height - 1);
    if (marks) view.marks["'"] = marks;
  }

  edit(): void {
    const { state, sys } = this;
    const name = state.files[state.at] ?? "-";
    if (name === "-" || state.view.help) {
      state.view.message = "Cannot edit standard input";
      return;
    }
    const line = this.mover.top === none ? 1 : this.mover.rows.numberOf(this.mover.top);
    const editor =
      sys.env.VISUAL || sys.env.EDITOR || (sys.peek("/usr/bin/editor") ? "editor" : "vi");
    state.child = 0;
    state.command = ["sh", "-c", `${editor} +${line} "$0"`, name];
  }

  run(command: string): void {
    this.state.child = 0;
    this.state.command = ["sh", "-c", command];
    this.state.after = "!done  (press RETURN)";
  }

  startChild(): void {
    const { state, sys } = this;
    if (!state.command) return;
    const { tty } = state;
    state.child = launch(
      sys,
      state.command,
      (name, why) => `less: ${name}: ${why}\n`,
      (child) => {
        if (tty !== 0) child.dup(tty, 0);
      },
    );
    delete state.command;
  }

  childEnded(): void {
    const { state } = this;
    delete state.picture;
    if (state.after) {
      state.view.message = "!done";
      delete state.after;
    }
    this.reload();
  }
}
