/** Tools that only the nodes themselves have. */
import type { Program } from "../../kernel/types.ts";
import { crictl } from "./crictl.ts";
import { etcdctl } from "./etcdctl.ts";
import { hostnamectl } from "./hostnamectl.ts";
import { journalctl } from "./journalctl.ts";
import { loopTools } from "./loop.ts";
import { minikube } from "./minikube.ts";
import { openssl } from "../openssl/openssl.ts";
import { refusedTools } from "./refused.ts";
import { scp } from "./scp.ts";
import { kubeadm } from "./kubeadm.ts";
import { ssh } from "./ssh.ts";
import { userTools } from "./sudo.ts";
import { systemctl } from "./systemctl.ts";

export const nodeTools: Program[] = [
  crictl,
  systemctl,
  journalctl,
  ssh,
  scp,
  hostnamectl,
  ...userTools,
  etcdctl,
  kubeadm,
  minikube,
  openssl,
  ...loopTools,
  ...refusedTools,
];
