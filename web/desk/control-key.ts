/** What a terminal sends for a key with Ctrl held; other text as it is. */
export function controlOf(text: string): string {
  return /^[a-z@[\\\]^_ ]$/i.test(text) ? String.fromCharCode(text.charCodeAt(0) & 0x1f) : text;
}
