/**
 * Commands that do one thing elsewhere and end: svn, aws, flyway. What they say here is that they did nothing. Those whose
 * output is what they are run for fail: nothing at all would pass for their result.
 */
import type { Program } from "../../runtime/kernel/types.ts";

const names = new Set(
  (
    "svn hg flyway liquibase migrate goose alembic atlas dbmate mc aws gcloud gsutil az doctl kubectl helm kustomize " +
    "terraform tofu ansible ansible-playbook psql pg_dump pg_restore mysql mysqldump mysqladmin mongosh mongo mongodump redis-cli " +
    "cqlsh etcdctl vault consul kafka-topics kafka-topics.sh rabbitmqctl rabbitmqadmin influx s3cmd rclone restic velero argocd " +
    "npx pip pip3 npm yarn pnpm bundle composer mvn gradle go cargo dotnet make cmake gcc cc g++ javac rustc apt apt-get apk dpkg rpm " +
    "yum dnf microdnf openssl ssh-keygen keytool htpasswd rsync scp ssh sftp skopeo buildctl docker crane cosign trivy " +
    "update-ca-certificates groupadd useradd adduser addgroup usermod setcap getcap iptables ip6tables modprobe ab hey wrk k6 siege stress-ng fio"
  ).split(" "),
);

/** Filters: who runs one goes on with what it prints. */
const filters = new Set("jq yq envsubst xmllint xmlstarlet".split(" "));

/** First words after which some of them go on as servers. */
const serving: Record<string, RegExp> = {
  npm: /^(start|run|run-script|exec)$/,
  npx: /./,
  yarn: /^(start|run|dev|serve)$/,
  pnpm: /^(start|run|dev|serve)$/,
  go: /^run$/,
  cargo: /^run$/,
  dotnet: /^(run|watch|.*\.dll)$/i,
  bundle: /^exec$/,
  mvn: /run/,
  gradle: /run/i,
  consul: /^agent$/,
  vault: /^server$/,
  kubectl: /^proxy$/,
  rclone: /^serve$/,
  openssl: /^s_server$/,
};

const asksForVersion = /^-{0,2}(version|help)$|^-[vVh]$/;

/** Whether a command is known to end by itself. */
export function endsByItself(words: readonly string[]): boolean {
  const name = (words[0] ?? "").replace(/^.*\//, "");
  if (words.length === 2 && asksForVersion.test(words[1] ?? "")) return true;
  if (filters.has(name)) return true;
  return names.has(name) && !serving[name]?.test(words[1] ?? "");
}

const momentMs = 1000;

interface State {
  /** Ends at this moment. */
  at: number;
  /** Refused. */
  bad?: true;
}

export const oneShot: Program<State> = {
  name: "one-shot",
  start(sys) {
    const name = (sys.argv[0] ?? "").replace(/^.*\//, "");
    const line = [name, ...sys.argv.slice(1)].join(" ");
    const shown = line.length > 200 ? `${line.slice(0, 200)}...` : line;
    if (filters.has(name) && !asksForVersion.test(sys.argv[1] ?? "")) {
      sys.complain(`${shown}: this sandbox does not have the command and cannot give its output\n`);
      return { at: sys.now, bad: true };
    }
    sys.write(
      1,
      `${shown}: this sandbox stands in for the command; it ends well and has done nothing\n`,
    );
    // What the kubelet or a person asks for is answered at once.
    const { session } = sys.process;
    const asked = session !== undefined && sys.kernel.pod.sessions[session]?.kind === "exec";
    return { at: sys.now + (asked ? 0 : momentMs) };
  },
  step: (sys, state) =>
    sys.now >= state.at ? { exit: state.bad ? 1 : 0 } : { wait: { untilMs: state.at } },
};
