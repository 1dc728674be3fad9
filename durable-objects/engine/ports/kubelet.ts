/** What servers of the cluster's own (kubelets, components) are asked, by whom they let in. */
import type { ApiRequest } from "./request.ts";

export interface KubeletRequest {
  method: string;
  path: string;
  /** Raw, without "?". */
  query: string;
}

export interface KubeletPage {
  status: number;
  type: string;
  text: string;
}

/** Or what it amounts to, to be asked of the API server in the kubelet's own name. */
export type KubeletReply = KubeletPage | { api: ApiRequest };
