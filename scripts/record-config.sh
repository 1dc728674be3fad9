#!/bin/sh
# Stands in for the runtime while scripts/prepare-runtime.ts has its configuration written: keeps it and ends.
umask 077
exec cat > "$PODYARD_RUNTIME_CONFIG"
