"""Runs a command on a terminal of its own and types: reads {"argv", "steps": [[expected, typed]], "seconds"} as JSON
from standard input; prints {"output", "code"}."""
import fcntl, json, os, pty, select, struct, sys, termios, time

job = json.load(sys.stdin)
end = time.monotonic() + job["seconds"]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(job["argv"][0], job["argv"])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
output = b""
seen = 0


def read():
    global output
    if not select.select([terminal], [], [], 0.05)[0]:
        return True
    try:
        data = os.read(terminal, 65536)
    except OSError:
        return False
    output += data
    return len(data) > 0


alive = True
for expected, typed in job["steps"]:
    while alive and expected.encode() not in output[seen:] and time.monotonic() < end:
        alive = read()
    seen = len(output)
    if alive:
        os.write(terminal, typed.encode())
while alive and time.monotonic() < end:
    alive = read()
if alive:
    os.kill(pid, 9)
_, status = os.waitpid(pid, 0)
print(json.dumps({"output": output.decode(errors="replace"), "code": os.waitstatus_to_exitcode(status)}))
