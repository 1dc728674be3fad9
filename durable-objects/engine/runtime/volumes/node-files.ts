/**
 * File systems of the machines: one tree per node (`host/NODE`), over what every node has and over the records table
 * "node-files". hostPath volumes and node shells show it.
 */
import { trimSlashes } from "../../core/trim.ts";
import { debianFiles, debianReleases, runtimeFiles, type FileTable } from "../image/base-files.ts";
import { osCodename } from "../../core/machine-facts.ts";
import type { ConfigMap } from "../../kinds/config-map.ts";
import type { Node } from "../../kinds/node.ts";
import { internalIp } from "../../kinds/node-machine.ts";
import { nodeLayersKeptMax, pathBytesMax, staticManifestBytesMax } from "../../core/limits.ts";
import { decodeUtf8 } from "../bytes.ts";
import { imageTimeMs } from "../image/image.ts";
import type { RuntimeContext } from "../kernel/types.ts";
import { Errno } from "../errno.ts";
import { adminConfig, adminConfigText } from "../net/admin-access.ts";
import { nodeNameserver, stubNameserver } from "../net/resolver.ts";
import {
  kubeletConfigPath,
  kubeletConfiguration,
  nodeFilesTable,
  staticPodFolder,
  staticPodPath,
} from "../node/kubelet-configuration.ts";
import { unitFiles } from "../node/units.ts";
import { administratorsBashrc, completionFiles } from "./completion-files.ts";
import { isTooLong } from "./path-limits.ts";
import { buildLayer, type Layer } from "../fs/layer.ts";
import { Tree } from "../fs/tree.ts";

const dir = { dir: true } as const;

const devices: FileTable = {
  "/dev": dir,
  ...Object.fromEntries(Object.entries(runtimeFiles).filter(([path]) => path.startsWith("/dev/"))),
};

const machineTools =
  "ps top free uptime kill pgrep pkill pidof ip ss ping curl vi vim view vim.tiny less nano man watch clear kubectl kubectl-why".split(
    " ",
  );
/** Programs that only nodes have (tools/machine/). */
export const nodeTools =
  "systemctl journalctl ssh scp sudo su hostnamectl crictl etcdctl kubeadm minikube openssl jq yq iptables ip6tables nft ipvsadm tcpdump losetup mkfs".split(
    " ",
  );

/** What kubeadm leaves for the administrator. */
const controlPlaneFiles: FileTable = {
  "/etc/kubernetes/admin.conf": { dynamic: adminConfig, mode: 0o600 },
  "/root/.bashrc": administratorsBashrc,
  "/root/.kube": { dir: true, mode: 0o700 },
  "/root/.kube/config": { dynamic: adminConfig, mode: 0o600 },
};

function commonFiles(node: string, machineId: string, controls: boolean): FileTable {
  return {
    ...(controls ? controlPlaneFiles : {}),
    ...debianFiles(debianReleases[osCodename] as (typeof debianReleases)[string]),
    ...devices,
    "/proc": dir,
    "/sys": dir,
    "/sys/fs/bpf": dir,
    "/etc/hostname": `${node}\n`,
    "/etc/machine-id": { text: `${machineId}\n`, mode: 0o444 },
    "/etc/hosts": { dynamic: "hosts" },
    "/etc/resolv.conf": { link: "../run/systemd/resolve/stub-resolv.conf" },
    "/run/systemd/resolve/stub-resolv.conf": `nameserver ${stubNameserver}\noptions edns0 trust-ad\nsearch .\n`,
    "/run/systemd/resolve/resolv.conf": `nameserver ${nodeNameserver}\n`,
    "/etc/kubernetes/kubelet.conf": { text: "", mode: 0o600 },
    "/etc/kubernetes/pki/ca.crt": { dynamic: rootCertificate },
    [staticPodPath]: dir,
    "/etc/cni/net.d": dir,
    "/usr/bin/kubelet": { text: "", mode: 0o755 },
    "/usr/bin/containerd": { text: "", mode: 0o755 },
    ...unitFiles,
    ...completionFiles,
    // Machines have what small images leave out.
    ...Object.fromEntries(
      [...machineTools, ...nodeTools].map((name) => [`/usr/bin/${name}`, { program: name }]),
    ),
    [kubeletConfigPath]: kubeletConfiguration,
    "/var/lib/kubelet/kubeadm-flags.env": `KUBELET_KUBEADM_ARGS=""\n`,
    "/var/lib/kubelet/device-plugins": { dir: true, mode: 0o750 },
    "/var/lib/kubelet/plugins": { dir: true, mode: 0o750 },
    "/var/lib/kubelet/plugins_registry": { dir: true, mode: 0o750 },
    "/var/lib/kubelet/pods": { dir: true, mode: 0o750 },
    "/var/lib/containerd": { dir: true, mode: 0o711 },
    "/var/log/containers": dir,
    "/var/log/pods": dir,
  };
}

/** As its kubelet told the API server. */
const machineIdOf = (context: RuntimeContext, node: string): string =>
  context.reader.get<Node>("nodes", "", node)?.status?.nodeInfo?.machineID ?? "";

const withoutFiles: Record<string, string> = {};
const layers = new WeakMap<Record<string, string>, Map<string, Layer>>();

function layerOf(context: RuntimeContext, node: string): Layer {
  const own = context.records.get<Record<string, string>>(nodeFilesTable, node) ?? withoutFiles;
  let known = layers.get(own);
  if (!known) layers.set(own, (known = new Map()));
  const machineId = machineIdOf(context, node);
  const labels = context.reader.get<Node>("nodes", "", node)?.metadata.labels;
  const controls = labels?.["node-role.kubernetes.io/control-plane"] !== undefined;
  const key = `${node} ${machineId} ${controls}`;
  let layer = known.get(key);
  // Clusters share equal layers; one that differs is dropped with its cluster.
  if (!layer && known.size >= nodeLayersKeptMax) known.clear();
  if (!layer) known.set(key, (layer = buildLayer(commonFiles(node, machineId, controls), own)));
  return layer;
}

/** Like kubeadm's preparations: every machine knows the others by name. */
function hostsFile({ reader }: RuntimeContext): string {
  const nodes = reader.list<Node>("nodes").flatMap((node) => {
    const ip = internalIp(node);
    return ip === "" ? [] : [`${ip}\t${node.metadata.name}\n`];
  });
  return `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n${nodes.sort().join("")}`;
}

const rootCertificate = "ca.crt";

/** The cluster's certificate, as every namespace has it. */
function certificateFile({ reader }: RuntimeContext): string {
  const root = reader.get<ConfigMap>("configmaps", "kube-system", "kube-root-ca.crt");
  return root?.data?.[rootCertificate] ?? "";
}

/** What machines run as; its files are the node's, so of the image only the environment counts. */
export const machineImage = `docker.io/library/debian:${osCodename}`;

export const hostTreeKey = (node: string): string => `host/${node}`;

/** The tree of a node's files. */
export function hostTree(context: RuntimeContext, node: string, now: () => number): Tree {
  return new Tree({
    key: hostTreeKey(node),
    records: context.records,
    now,
    lower: layerOf(context, node),
    lowerTime: imageTimeMs,
    dynamic: (name) =>
      name === "hosts"
        ? hostsFile(context)
        : name === adminConfig
          ? adminConfigText(context, node)
          : name === rootCertificate
            ? certificateFile(context)
            : "",
  });
}

const texts = new WeakMap<object, Record<string, string>>();

/** What static Pods come from: the kubelet's configuration and the manifests it names, by absolute path. */
export function hostFiles(context: RuntimeContext, node: string): Record<string, string> {
  const base = context.records.get<Record<string, string>>(nodeFilesTable, node) ?? withoutFiles;
  const changed = context.records.get<object>("trees", hostTreeKey(node));
  if (!changed) return base;
  let files = texts.get(changed);
  if (!files)
    texts.set(changed, (files = readManifests(hostTree(context, node, () => context.now))));
  return files;
}

function readManifests(tree: Tree): Record<string, string> {
  const files: Record<string, string> = {};
  const read = (path: string): void => {
    const id = tree.find(path);
    if (id === undefined || tree.inode(id)?.type !== "f" || tree.size(id) > staticManifestBytesMax)
      return;
    files[path] = decodeUtf8(tree.read(id, 0, staticManifestBytesMax));
  };
  read(kubeletConfigPath);
  const folder = staticPodFolder(files[kubeletConfigPath]);
  for (const name of tree.list(folder)) read(`${folder}/${name}`);
  return files;
}

/** By node: files that are block devices. */
export const loopTable = "node-loops";

export interface Loop {
  device: string;
  file: string;
  /** The file system it was given, and the folder with what that holds while it is not mounted. */
  fsType?: string;
  held?: string;
  /** It was let go of while it was mounted: it is none when it is no more. */
  autoclear?: true;
}

/** The file behind a block device of a node; undefined: there is none. */
export const loopFile = (
  { records }: RuntimeContext,
  node: string,
  device: string,
): string | undefined =>
  records.get<Loop[]>(loopTable, node)?.find((loop) => loop.device === device)?.file;

/** What the machine's kernel shows, and no disk holds. */
export const isKernel = (path: string): boolean => /^\/(proc|sys)(\/|$)/.test(path);

export function isNodeFile(context: RuntimeContext, node: string, path: string): boolean {
  const tree = hostTree(context, node, () => Math.round(context.now));
  const id = tree.find(throughLinks(tree, trimSlashes(path)));
  return id !== undefined && tree.inode(id)?.type === "f";
}

/**
 * Checks a hostPath volume's type, making what `...OrCreate` asks for; the text of the refusal.
 * k8s: pkg/volume/hostpath/host_path.go checkTypeInternal
 */
export function hostPath(
  context: RuntimeContext,
  node: string,
  given: string,
  type: string,
): string | undefined {
  if (type === "") return undefined;
  if (isTooLong(given)) return `stat ${given.slice(0, pathBytesMax)}: file name too long`;
  const path = trimSlashes(given);
  const tree = hostTree(context, node, () => Math.round(context.now));
  const real = throughLinks(tree, path);
  const id = tree.find(real);
  const found = id === undefined ? undefined : tree.inode(id)?.type;
  const wrong = (what: string): string => `hostPath type check failed: ${given} is not ${what}`;
  switch (type) {
    case "DirectoryOrCreate":
    case "Directory":
      if (isKernel(real)) return undefined;
      if (found === undefined && type !== "Directory") {
        makeFolders(tree, real);
        tree.save();
        return undefined;
      }
      return found === "d" ? undefined : wrong("a directory");
    case "FileOrCreate":
    case "File": {
      if (found !== undefined || type === "File")
        return found === "f" ? undefined : wrong("a file");
      const parent = real.slice(0, real.lastIndexOf("/")) || "/";
      if (tree.find(parent) === undefined) return `open ${given}: no such file or directory`;
      tree.create(real, {
        type: "f",
        mode: 0o644,
        modifiedAtMs: Math.round(context.now),
        data: "",
      });
      tree.save();
      return undefined;
    }
    case "Socket":
      return found === "s" ? undefined : wrong("a socket file");
    case "CharDevice":
      return found === "c" ? undefined : wrong("a character device");
    default:
      return found === "b" ? undefined : wrong("a block device");
  }
}

/** Mode bit of folders whose content is their group's. */
export const setGroup = 0o2000;

/** Makes what is missing of a path; folders below a folder of a group's are the group's. */
export function makeFolders(tree: Tree, path: string, mode = 0o755): void {
  if (path === "/" || tree.find(path) !== undefined) return;
  const parent = path.slice(0, path.lastIndexOf("/")) || "/";
  makeFolders(tree, parent, mode);
  const above = tree.inode(tree.find(parent) ?? "/");
  if (above && above.type !== "d") throw new Errno("ENOTDIR");
  const shared = above && above.mode & setGroup && above.gid !== undefined;
  const owner = shared ? { gid: above.gid } : {};
  tree.create(path, {
    type: "d",
    mode: shared ? mode | setGroup : mode,
    modifiedAtMs: tree.now(),
    ...owner,
  });
}

interface Linked {
  find(path: string): number | string | undefined;
  inode(id: number | string): { type: string; data?: string } | undefined;
}

/**
 * A path with the links on its way replaced by what they name. `escaped` hears of links that would lead out of a tree
 * that is not the root of a machine.
 */
export function throughLinks(tree: Linked, path: string, escaped?: () => void): string {
  // What is left of the path, the next name last.
  const left = path.split("/").reverse();
  let done = "";
  // Nothing lies below what is not there, so no link either.
  let missing = false;
  for (let links = 0; left.length > 0;) {
    const part = left.pop() as string;
    if (part === "." || part === "") continue;
    if (part === "..") {
      if (done === "") escaped?.();
      done = done.slice(0, Math.max(0, done.lastIndexOf("/")));
      missing = false;
      continue;
    }
    const here = `${done}/${part}`;
    const id: ReturnType<Linked["find"]> = missing ? undefined : tree.find(here);
    const node = id === undefined ? undefined : tree.inode(id);
    if (node?.type !== "l" || ++links > 40) {
      done = here;
      missing = id === undefined;
      continue;
    }
    const target = node.data ?? "";
    if (target.startsWith("/")) {
      escaped?.();
      done = "";
    }
    left.push(...target.split("/").reverse());
  }
  return done || "/";
}
