/** Unit files of a node's services, as Debian, containerd and kubeadm's package bring them. */
import type { FileTable } from "../image/base-files.ts";

export interface Unit {
  name: string;
  description: string;
  documentation: string[];
  /** Its first process after the machine's start. */
  pid: number;
  /** Command line of that process. */
  words: string[];
  megabytes: number;
  /** Text of its unit file. */
  file: string;
  /** A file that adds to it. */
  dropIn?: { name: string; text: string };
  /** What Podyard simulates no stop of stays up. */
  stays?: true;
}

export const unitFolder = "/usr/lib/systemd/system";

/** k8s: build/rpms 10-kubeadm.conf KUBELET_KUBECONFIG_ARGS, KUBELET_CONFIG_ARGS */
const kubeletArguments = [
  "--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf",
  "--kubeconfig=/etc/kubernetes/kubelet.conf",
  "--config=/var/lib/kubelet/config.yaml",
];

const kubeletFile = `[Unit]
Description=kubelet: The Kubernetes Node Agent
Documentation=https://kubernetes.io/docs/
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
`;

const kubeadmFile = `[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`;

const simple = (description: string, command: string, wantedBy = "multi-user.target"): string =>
  `[Unit]\nDescription=${description}\n\n[Service]\nExecStart=${command}\nRestart=always\n\n[Install]\nWantedBy=${wantedBy}\n`;

export const units: readonly Unit[] = [
  {
    name: "containerd",
    description: "containerd container runtime",
    documentation: ["https://containerd.io"],
    pid: 604,
    words: ["/usr/bin/containerd"],
    megabytes: 64,
    file: simple("containerd container runtime", "/usr/bin/containerd"),
    stays: true,
  },
  {
    name: "kubelet",
    description: "kubelet: The Kubernetes Node Agent",
    documentation: ["https://kubernetes.io/docs/"],
    pid: 871,
    words: ["/usr/bin/kubelet", ...kubeletArguments],
    megabytes: 92,
    file: kubeletFile,
    dropIn: { name: "10-kubeadm.conf", text: kubeadmFile },
  },
  {
    name: "ssh",
    description: "OpenBSD Secure Shell server",
    documentation: ["man:sshd(8)", "man:sshd_config(5)"],
    pid: 702,
    words: ["sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"],
    megabytes: 7,
    file: simple("OpenBSD Secure Shell server", "/usr/sbin/sshd -D"),
  },
  {
    name: "systemd-journald",
    description: "Journal Service",
    documentation: ["man:systemd-journald.service(8)", "man:journald.conf(5)"],
    pid: 318,
    words: ["/lib/systemd/systemd-journald"],
    megabytes: 18,
    file: simple("Journal Service", "/usr/lib/systemd/systemd-journald", "sysinit.target"),
    stays: true,
  },
];

/** By its name, with or without `.service`. */
export const unitNamed = (name: string): Unit | undefined => {
  const bare = name.replace(/\.service$/, "");
  return units.find((unit) => unit.name === (bare === "sshd" ? "ssh" : bare));
};

export const unitFiles: FileTable = Object.fromEntries(
  units.flatMap(({ name, file, dropIn }) => {
    const path = `${unitFolder}/${name}.service`;
    return [[path, file], ...(dropIn ? [[`${path}.d/${dropIn.name}`, dropIn.text]] : [])];
  }),
);
