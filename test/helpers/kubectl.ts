import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "vitest";

/** Real kubectl, where there is one. */

export interface KubectlBinary {
  /** "1.33" */
  version: string;
  file: string;
}

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** The oldest that speaks exec over WebSocket and OpenAPI v3. */
const versionMin = 30;

/**
 * The versioned binaries of this machine, oldest first: the one `KUBECTL` names, those beside the real file
 * behind the command `kubectl`, or that itself, unless it is a dispatcher that would choose another.
 */
export function findKubectls(): KubectlBinary[] {
  const named = process.env["KUBECTL"];
  if (named) return [describe(named)].filter((binary) => binary !== undefined);
  const command = which("kubectl");
  if (!command) return [];
  const folder = path.dirname(realpathSync(command));
  const versioned = [folder, path.join(folder, "bin")]
    .filter((place) => existsSync(place))
    .flatMap((place) => readdirSync(place).map((name) => path.join(place, name)))
    .map((file) => ({ file, version: /\/kubectl\.(1\.\d+)$/.exec(file)?.[1] }))
    .filter((found): found is KubectlBinary => found.version !== undefined)
    .filter(({ version }) => minor(version) >= versionMin)
    .sort((a, b) => minor(a.version) - minor(b.version));
  if (versioned.length > 0) return versioned;
  return [describe(command)].filter((binary) => binary !== undefined);
}

/** Says loudly what is not being tested; a file without any test would be an error. */
export function skipNote(what: string): void {
  test.skip(what);
  console.warn(`\n*** SKIPPED: ${what} ***\n`);
}

/** A kubectl with a home and a cache of its own, so that neither other tests nor the user's are touched. */
export class Kubectl {
  readonly binary: KubectlBinary;
  readonly kubeconfig: string;
  private readonly home: string;

  constructor(binary: KubectlBinary, kubeconfig: string) {
    this.binary = binary;
    this.home = mkdtempSync(path.join(tmpdir(), "podyard-kubectl-"));
    this.kubeconfig = path.join(this.home, "kubeconfig");
    writeFileSync(this.kubeconfig, kubeconfig, { mode: 0o600 });
  }

  /** Runs a command line without quotes in it (`get pods -o wide`), or a list of arguments. */
  run(
    command: string | string[],
    options: { stdin?: string; timeoutMs?: number } = {},
  ): Promise<Ran> {
    const words = typeof command === "string" ? command.split(/ +/) : command;
    return new Promise((resolve) => {
      const child = execFile(
        this.binary.file,
        words,
        {
          env: {
            ...process.env,
            HOME: this.home,
            KUBECONFIG: this.kubeconfig,
            KUBECACHEDIR: this.home,
          },
          timeout: options.timeoutMs ?? 150_000,
          maxBuffer: 64 * 1024 * 1024,
        },
        (error, stdout, stderr) => {
          const code = error ? (typeof error.code === "number" ? error.code : 124) : 0;
          resolve({ code, stdout, stderr });
        },
      );
      // A command that ends without reading what it was given.
      child.stdin?.on("error", () => undefined);
      child.stdin?.end(options.stdin ?? "");
    });
  }

  /** Like `run`, for what must succeed: stdout, or an error that shows everything. */
  async ok(command: string | string[], options?: { stdin?: string }): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, options);
    if (code === 0) return stdout;
    throw new Error(`kubectl ${String(command)} exited with ${code}\n${stdout}\n${stderr}`);
  }
}

const minor = (version: string): number => Number(version.split(".")[1]);

function which(command: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(path.delimiter)
    .map((folder) => path.join(folder, command))
    .find((file) => existsSync(file));
}

function describe(file: string): KubectlBinary | undefined {
  try {
    const text = execFileSync(file, ["version", "--client", "-o", "json"], {
      encoding: "utf8",
      timeout: 60_000,
      stdio: ["ignore", "pipe", "ignore"],
    });
    const { clientVersion } = JSON.parse(text) as { clientVersion: { gitVersion: string } };
    const version = /^v(1\.\d+)/.exec(clientVersion.gitVersion)?.[1];
    if (!version || clientVersion.gitVersion.includes("dispatcher")) return undefined;
    return minor(version) >= versionMin ? { file, version } : undefined;
  } catch {
    return undefined;
  }
}
