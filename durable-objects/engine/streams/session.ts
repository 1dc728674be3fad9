/** Records of open sessions. Key: `podKey sessionId`, or ` streamId`. */
export const sessionTable = "sessions";
