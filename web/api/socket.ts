/** Sockets of a sandbox: a page can set no header there, so a key goes along as a subprotocol. */

const bearer = "base64url.bearer.authorization.k8s.io.";

/** `path`: below this page's host. Without a key the cookie says who asks. */
export function socketTo(path: string, protocol: string, key: string | undefined): WebSocket {
  const url = new URL(path, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return new WebSocket(url, key === undefined ? [protocol] : [protocol, bearer + base64url(key)]);
}

const base64url = (text: string): string =>
  btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
